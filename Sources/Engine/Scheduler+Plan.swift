// How a step is put together. Knows rows and pages; what they cost in time it does not.

extension Scheduler {
    /// A step under construction.
    private struct Layout {
        var decision = Decision()
        var rowsLeft: Int
        /// Whether a tile or a chunk of a prompt is in the step already.
        var reads = false
        /// Pages this step fills, by digest: their twins wait a step and take them from the cache.
        var filling: Set<Digest> = []
        /// Tiles this step embeds, by image.
        var embedding: [Digest: Int] = [:]
    }

    mutating func plan(now: Int64) -> Decision {
        var layout = Layout(rowsLeft: limits.stepTokens)
        expireOverdue(now, &layout)
        planAnswers(&layout)
        planGuesses(&layout)
        for number in running where isReading(number) && layout.rowsLeft > 0 { planReading(number, &layout) }
        while layout.rowsLeft > 0, running.count < limits.running, let next = waiting.first, admit(next, &layout) {
            planReading(next, &layout)
        }
        layout.decision.droppedImages = images.trim()
        inFlight = layout.decision
        return layout.decision
    }

    private mutating func expireOverdue(_ now: Int64, _ layout: inout Layout) {
        for number in waiting + running {
            guard let sequence = sequences[number] else { continue }
            let isLate = sequence.deadline.map { $0 <= now } ?? false
            let isStale = !sequence.hasStarted && (sequence.startDeadline.map { $0 <= now } ?? false)
            if isLate || isStale {
                expire(number)
                counters.expired += 1
                layout.decision.expired.append(number)
            }
        }
    }

    /// Whether rows of the prompt, or of an answer to be computed anew, are still to be written.
    private func isReading(_ number: Int) -> Bool { (sequences[number]?.pending ?? 0) > 1 || !isSeen(number) }

    /// Whether every image a sequence still needs is embedded.
    private func isSeen(_ number: Int) -> Bool {
        sequences[number]?.neededImages.allSatisfy { images.entry($0.image.digest)?.isComplete == true } ?? true
    }

    // MARK: - Answers

    /// One row for each sequence that only waits for its next token. Pages are made free by preempting the newest.
    private mutating func planAnswers(_ layout: inout Layout) {
        for number in running where running.contains(number) && !isReading(number) {
            guard layout.rowsLeft > 0, let sequence = sequences[number] else { return }
            let needed = pages(for: sequence.count)
            while let pages = sequences[number]?.pages.count, pages < needed, running.contains(number) {
                if addPage(number) { continue }
                guard let newest = running.last else { return }
                preempt(newest)
                layout.decision.preempted.append(newest)
            }
            guard running.contains(number) else { continue }
            append(number, count: 1, &layout)
        }
    }

    /// Guesses behind the answers' rows, on pages that are free without preempting anybody.
    private mutating func planGuesses(_ layout: inout Layout) {
        for index in layout.decision.spans.indices where layout.rowsLeft > 0 {
            let span = layout.decision.spans[index]
            guard let sequence = sequences[span.sequence], sequence.drafts > 0, sequence.count > sequence.promptCount
            else { continue }
            let room = min(sequence.drafts, layout.rowsLeft, sequence.limit - sequence.count - 1)
            var drafts = PromptLookup.draft(after: sequence.contents, count: room)
            while !drafts.isEmpty, let held = sequences[span.sequence]?.pages.count,
                pages(for: sequence.count + drafts.count) > held
            {
                if !addPage(span.sequence) {
                    drafts.removeLast(drafts.count - max(0, held * limits.pageTokens - sequence.count))
                }
            }
            layout.rowsLeft -= drafts.count
            layout.decision.spans[index] = Decision.Span(
                sequence: span.sequence, start: span.start, count: 1, drafts: drafts, isAtEnd: true,
                pages: sequences[span.sequence]?.pages ?? [])
        }
    }

    private mutating func append(_ number: Int, count: Int, _ layout: inout Layout) {
        guard let sequence = sequences[number] else { return }
        layout.rowsLeft -= count
        layout.decision.spans.append(
            Decision.Span(
                sequence: number, start: sequence.written, count: count, drafts: [],
                isAtEnd: count == sequence.pending, pages: sequence.pages))
    }

    // MARK: - Prompts

    /// Tiles of the images a sequence needs, or the next chunk of its contents.
    private mutating func planReading(_ number: Int, _ layout: inout Layout) {
        let found = reuse(number)
        if found > 0 {
            layout.decision.reused[number, default: 0] += found
            if sequences[number]?.wasPreempted == false { counters.prefixHits += found }
        }
        guard isSeen(number) else { return planTiles(number, &layout) }
        guard let end = chunkEnd(number, &layout), let start = sequences[number]?.written else { return }
        layout.reads = true
        append(number, count: end - start, &layout)
    }

    /// Where the next chunk of a sequence ends; nil when another sequence computes its beginning in this very step.
    private mutating func chunkEnd(_ number: Int, _ layout: inout Layout) -> Int? {
        guard var sequence = sequences.removeValue(forKey: number) else { return nil }
        defer { sequences[number] = sequence }
        let size = limits.pageTokens
        var end = min(sequence.count, sequence.written + layout.rowsLeft)
        // Chunks end with a page where they can, so that twins find whole pages.
        let aligned = end / size * size
        if end < sequence.count, aligned > sequence.written { end = aligned }
        guard limits.usesPrefixCache else { return end }
        let first = sequence.written / size
        if sequence.written == first * size, (first + 1) * size < sequence.count,
            layout.filling.contains(sequence.digest(ofPage: first, pageTokens: size))
        {
            return nil
        }
        for page in first..<max(first, end / size) {
            layout.filling.insert(sequence.digest(ofPage: page, pageTokens: size))
        }
        return end
    }

    private mutating func planTiles(_ number: Int, _ layout: inout Layout) {
        guard let sequence = sequences[number] else { return }
        for (index, image) in sequence.neededImages {
            guard let entry = images.entry(image.digest) else { continue }
            var next = entry.done + layout.embedding[image.digest, default: 0]
            while next < entry.tiles {
                let cost = image.rowsPerTile
                // One tile may be larger than what is left, lest it wait for ever.
                guard layout.rowsLeft >= cost || !layout.reads else { return }
                layout.reads = true
                layout.decision.tiles.append(Decision.Tile(sequence: number, image: index, tile: next))
                layout.rowsLeft = max(0, layout.rowsLeft - cost)
                layout.embedding[image.digest, default: 0] += 1
                next += 1
            }
        }
    }

    /// Lets the sequence that waits longest run, if there are pages for its contents and room for its images.
    private mutating func admit(_ number: Int, _ layout: inout Layout) -> Bool {
        let found = reuse(number)
        guard let sequence = sequences[number] else { return false }
        let missing = pages(for: sequence.count) - sequence.pages.count
        // A page for each running sequence's next token, lest the newcomer be preempted at once.
        let spare = running.isEmpty ? 0 : running.count + 1
        let wanted = sequence.neededImages.map { (image: $0.image.digest, bytes: bytes(of: $0.image)) }
        guard pool.freeCount >= missing + spare, running.isEmpty || images.hasRoom(for: wanted) else {
            releasePages(number)
            return false
        }
        for _ in 0..<max(0, missing) {
            let isAdded = addPage(number)
            precondition(isAdded, "free pages were counted")
        }
        for (_, image) in sequence.neededImages {
            if !sequence.hasStarted {
                counters.imageQueries += 1
                if images.entry(image.digest) != nil { counters.imageHits += 1 }
            }
            images.retain(image.digest, tiles: image.tiles, bytes: bytes(of: image))
        }
        sequences[number]?.heldImages = wanted.map(\.image)
        if !sequence.hasStarted {
            counters.prefixQueries += sequence.count
            counters.prefixHits += found
            layout.decision.started.append(number)
            sequences[number]?.hasStarted = true
        }
        if found > 0 { layout.decision.reused[number, default: 0] += found }
        waiting.removeFirst()
        insert(number, into: \.running)
        return true
    }

    private func bytes(of image: Submission.Image) -> Int { image.rows.count * limits.imageRowBytes }
}
