// What of a gold and of a reply of OCRBench v2 can be drawn: boxes on the image, tables. Scores nothing, knows no page.

package struct Exhibit: Encodable, Sendable, Equatable {
    /// Corners on a grid of 0 to 1000 over the image, as they were written.
    package struct Box: Encodable, Sendable, Equatable {
        package let left: Double
        package let top: Double
        package let right: Double
        package let bottom: Double
        package let text: String?
    }

    package let boxes: [Box]
    package let table: PlainTable?

    /// More boxes are not drawn.
    private static let boxLimit = 500

    private init?(boxes: [Box?] = [], table: PlainTable? = nil) {
        self.boxes = Array(boxes.compactMap(\.self).prefix(Self.boxLimit))
        self.table = table
        if self.boxes.isEmpty, table == nil { return nil }
    }

    /// - Returns: nil where the gold is nothing but text.
    package init?(goldOf item: ScoringItem) {
        let first = item.gold.elements?.first ?? item.gold
        switch OCRBenchV2.task(item.category)?.rule {
        case .grounding: self.init(boxes: [BoxOverlap.coordinates(item.gold).flatMap { Box($0) }])
        case .positionedAnswer:
            self.init(boxes: [item.boxes.flatMap(BoxOverlap.coordinates).flatMap { Box($0, first.text) }])
        case .spotting:
            let pairs = zip(item.boxes?.elements ?? [], item.contents?.elements ?? [])
            self.init(boxes: pairs.map { OCRBenchV2.goldWord($0, $1).flatMap { Box($0) } })
        case .table(let markdown):
            guard let form = OCRBenchV2.TableForm(item, markdown: markdown) else { return nil }
            self.init(table: first.text.flatMap { PlainTable(html: form.gold($0)) })
        case .chart:
            let spelled = first.text.flatMap { try? KeyValues.nested(of: $0) }
            self.init(table: (first.dictionary ?? item.gold.dictionary ?? spelled).flatMap { PlainTable($0) })
        default: return nil
        }
    }

    /// - Returns: nil where the reply has nothing that the item's rule could read as a box or a table.
    package init?(_ reply: String, to item: ScoringItem) {
        let reply = CodePoints(reply)
        switch OCRBenchV2.task(item.category)?.rule {
        case .grounding: self.init(boxes: [BoxOverlap.last(in: reply).flatMap { Box($0) }])
        case .positionedAnswer:
            guard let members = try? KeyValues.members(of: reply) else { return nil }
            self.init(boxes: [OCRBenchV2.box(of: members).flatMap { Box($0, members["answer"]?.text) }])
        case .spotting: self.init(boxes: (TextSpotting.detections(in: reply) ?? []).map { Box($0) })
        case .table(let markdown):
            let html = OCRBenchV2.TableForm(item, markdown: markdown)?.reply(reply)
            self.init(table: html.flatMap { PlainTable(html: $0) })
        case .chart: self.init(table: (try? KeyValues.nested(of: reply)).flatMap { PlainTable($0) })
        default: return nil
        }
    }
}

extension Exhibit.Box {
    fileprivate init?(_ corners: BoxOverlap.Box, _ text: CodePoints? = nil) {
        guard corners.count >= 4, corners.allSatisfy(\.isFinite) else { return nil }
        self.init(left: corners[0], top: corners[1], right: corners[2], bottom: corners[3], text: text?.text)
    }

    fileprivate init(_ word: TextSpotting.Word) {
        self.init(
            left: Double(word.left), top: Double(word.top), right: Double(word.right), bottom: Double(word.bottom),
            text: word.text.text)
    }
}
