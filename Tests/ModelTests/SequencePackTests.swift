import Compute
import Model
import Testing

struct SequencePackTests {
    @Test func sequencesHaveTheirOwnRowsPagesAndPositions() {
        var pack = SequencePack()
        #expect(pack.append(Array(0..<17)) == 0..<17)
        #expect(pack.append([5, 6], imageRows: [0], wantedRows: [0, 1]) == 17..<19)
        #expect(pack.append(Array(repeating: 9, count: 16), wantedRows: [3]) == 19..<35)
        #expect(pack.imageRows == [17] && pack.wantedRows == [17, 18, 22])
        #expect(pack.ids.count == 35 && pack.pages == 4)
        #expect(pack.spans.map(\.pages) == [[0, 1], [2], [3]])
        #expect(pack.spans.allSatisfy { $0.start == 0 })
        let positions = Step(spans: pack.spans).positions
        #expect(positions[16] == 16 && positions[17] == 0 && positions[18] == 1 && positions[34] == 15)
    }
}
