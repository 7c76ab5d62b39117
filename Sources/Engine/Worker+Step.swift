// One step through the model: tiles, then the rows of all sequences together. Knows nothing of queues and pages' owners.

import Compute
import Model

extension Worker {
    func run(_ step: Decision) -> StepOutcome {
        var outcome = StepOutcome()
        for tile in step.tiles { embed(tile, &outcome) }
        let spans = step.spans.filter { live[$0.sequence] != nil }
        do {
            try run(spans, &outcome)
        } catch {
            // Nothing of this step counts as written, so what is cached stays sound.
            for span in spans where outcome.results[span.sequence] == nil {
                end(span.sequence, throwing: error)
                outcome.results[span.sequence] = .failed(isSound: true)
            }
        }
        return outcome
    }

    // MARK: - Tiles

    private func embed(_ tile: Decision.Tile, _ outcome: inout StepOutcome) {
        guard let job = live[tile.sequence]?.job, !job.isCancelled, job.request.images.indices.contains(tile.image)
        else { return }
        let content = job.request.images[tile.image].content
        // A tile before this one may have been left out.
        guard embeddings[content.digest, default: []].count == tile.tile else { return }
        live[tile.sequence]?.willEmbed(tile: tile.tile, ofImage: tile.image)
        let start = ContinuousClock.now
        do {
            let bytes = content.pixels.count / content.tiles
            let pixels = Array(content.pixels[tile.tile * bytes..<(tile.tile + 1) * bytes])
            // A copy, so that the backend's pool has its memory back.
            let embedded = try model.embed(tiles: 1, pixels: pixels, on: backend)
            embeddings[content.digest, default: []].append(Tensor(embedded.array(), shape: embedded.shape))
            outcome.embedded.append(content.digest)
        } catch {
            end(tile.sequence, throwing: error)
            outcome.results[tile.sequence] = .failed(isSound: true)
        }
        live[tile.sequence]?.didEmbed((ContinuousClock.now - start) / .seconds(1))
    }

    // MARK: - Rows

    private func run(_ spans: [Decision.Span], _ outcome: inout StepOutcome) throws(ComputeError) {
        guard !spans.isEmpty else { return }
        var ids: [Int32] = []
        var images: [(rows: [Int], embeddings: Tensor)] = []
        var rows: [SequenceSpan] = []
        for span in spans {
            live[span.sequence]?.willWrite(from: span.start)
            images += try imageRows(of: span, from: ids.count)
            let first = ids.count
            ids += (live[span.sequence]?.tokens(span.start..<span.start + span.count) ?? []) + span.drafts
            rows.append(SequenceSpan(rows: first..<ids.count, start: span.start, pages: span.pages))
        }
        let x = try model.embed(ids, images: images, on: backend)
        let hidden = try model.language.hidden(x, Step(spans: rows), pages: pages, on: backend)
        var group: [(span: Decision.Span, rows: Range<Int>)] = []
        for (span, place) in zip(spans, rows) {
            guard span.isAtEnd else {
                outcome.results[span.sequence] = .written
                continue
            }
            let ends = place.rows.upperBound - span.drafts.count - 1..<place.rows.upperBound
            if group.reduce(ends.count, { $0 + $1.rows.count }) > MemorySum.logitRows {
                try choose(group, hidden, &outcome)
                group = []
            }
            group.append((span, ends))
        }
        try choose(group, hidden, &outcome)
    }

    /// Image embeddings that fall into a span, with the step's rows they replace.
    private func imageRows(
        of span: Decision.Span, from firstRow: Int
    ) throws(ComputeError) -> [(rows: [Int], embeddings: Tensor)] {
        var result: [(rows: [Int], embeddings: Tensor)] = []
        for image in live[span.sequence]?.job.request.images ?? [] {
            let positions = span.start..<span.start + span.count
            guard let first = image.rows.first, let last = image.rows.last, first < positions.upperBound,
                last >= positions.lowerBound
            else { continue }
            let perTile = max(1, image.rows.count / image.content.tiles)
            for (tile, embedded) in embeddings[image.content.digest, default: []].enumerated() {
                let inside = (tile * perTile..<(tile + 1) * perTile).filter { positions.contains(image.rows[$0]) }
                guard !inside.isEmpty else { continue }
                result.append(
                    (
                        inside.map { image.rows[$0] - span.start + firstRow },
                        try backend.rows(embedded, inside.map { $0 - tile * perTile })
                    ))
            }
        }
        return result
    }

    // MARK: - Tokens

    private func choose(
        _ group: [(span: Decision.Span, rows: Range<Int>)], _ hidden: Tensor, _ outcome: inout StepOutcome
    ) throws(ComputeError) {
        guard !group.isEmpty else { return }
        let ends = try backend.rows(hidden, group.flatMap { Array($0.rows) })
        if options.readsLargestLogit, ends.rows == 1, let span = group.first?.span,
            live[span.sequence]?.answer.needsLargestAlone == true,
            let largest = try model.language.largestLogits(ends, count: 1, on: backend).first?.first
        {
            outcome.results[span.sequence] = choose(span) { _ in .largest(largest) }
            return
        }
        let logits = try model.language.logits(ends, on: backend)
        let vocabulary = logits.columns
        withExtendedLifetime(logits) {
            var row = 0
            for (span, rows) in group {
                outcome.results[span.sequence] = choose(span) { guess in
                    let start = (row + guess) * vocabulary
                    return .all(UnsafeBufferPointer(rebasing: logits.values[start..<start + vocabulary]))
                }
                row += rows.count
            }
        }
    }

    /// Chooses the token after a span's last content and, as long as guesses are right, after each of them.
    /// - Parameter logits: after so many guesses.
    private func choose(_ span: Decision.Span, _ logits: (_ guesses: Int) -> NextLogits) -> StepOutcome.Result {
        var chosen: [Int32] = []
        do throws(EngineError) {
            for guess in 0...span.drafts.count {
                guard let token = try live[span.sequence]?.take(logits(guess)) else { break }
                chosen.append(token)
                if live[span.sequence]?.answer.isComplete == true { break }
                if guess == span.drafts.count || token != span.drafts[guess] { break }
            }
        } catch {
            end(span.sequence, throwing: error)
            if case .nonFiniteLogits = error { return .failed(isSound: false) }
            return .failed(isSound: true)
        }
        live[span.sequence]?.didVerify(
            drafted: span.drafts.count, accepted: min(max(0, chosen.count - 1), span.drafts.count))
        let isLast = live[span.sequence]?.answer.isComplete ?? true
        if isLast { finish(span.sequence) }
        return .chosen(chosen, isLast: isLast)
    }
}
