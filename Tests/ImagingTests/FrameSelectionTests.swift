import Foundation
import Imaging
import TestSupport
import Testing

@Suite struct FrameSelectionTests {
    private struct Goldens: Decodable {
        struct Case: Decodable {
            let id: String
            let n_frames: Int
            let video_fps: Double
            let nframe: Int
            let fps: Double
            let expected: [String: Expected]
        }
        struct Expected: Decodable { let indices: [Int] }
        let cases: [Case]
    }

    private func read<Value: Decodable>(_ name: String, as type: Value.Type) throws -> Value {
        let url = TestSupport.Goldens.fixtures.appending(path: "eval/frames/\(name)")
        return try JSONDecoder().decode(type, from: Data(contentsOf: url))
    }

    /// Indices that VLMEvalKit and nvidia-vlmeval computed.
    @Test func innerAndRateAreVLMEvalKits() throws {
        let goldens = try read("cases.json", as: Goldens.self)
        #expect(goldens.cases.count == 10)
        for item in goldens.cases {
            let rule: FrameSelection = item.nframe > 0 ? .inner(item.nframe) : .rate(item.fps)
            let indices = rule.indices(frames: item.n_frames, rate: item.video_fps)
            for (oracle, expected) in item.expected { #expect(indices == expected.indices, "\(item.id) \(oracle)") }
        }
    }

    private struct Linspace: Decodable {
        struct Case: Decodable {
            let frames: Int
            let count: Int
            let indices: [Int]
        }
        let cases: [Case]
    }

    @Test func spreadIsNumPysLinspace() throws {
        for item in try read("linspace.json", as: Linspace.self).cases {
            #expect(
                FrameSelection.spread(item.count).indices(frames: item.frames, rate: 25) == item.indices,
                "\(item.count) of \(item.frames)")
        }
    }

    @Test func everyRuleStaysInsideTheVideo() {
        let rules: [FrameSelection] = [
            .spread(0), .spread(1), .spread(7), .spread(-3), .inner(0), .inner(9), .inner(-1), .rate(0), .rate(.nan),
            .rate(-1), .rate(.infinity), .rate(1e300), .rate(1e-300), .rate(0.5), .rate(60),
        ]
        for rule in rules {
            for frames in [0, 1, 2, 3, 49, 100_000] {
                for rate in [0, 0.001, 23.976, 25, 1e9, -1, .nan, .infinity] {
                    let indices = rule.indices(frames: frames, rate: rate)
                    #expect(indices.allSatisfy { (0..<frames).contains($0) }, "\(rule) of \(frames) at \(rate)")
                    #expect(indices == indices.sorted(), "\(rule) of \(frames) at \(rate)")
                }
            }
        }
    }
}
