import Foundation
import Imaging
import Testing

@Suite struct TilePlanTests {
    private struct Vectors: Decodable {
        let tile: Int
        let grids_by_max: [String: [[Int]]]
        let vectors_max12: [[Int]]
    }

    private struct Geometry: Decodable {
        struct Case: Decodable {
            let w: Int
            let h: Int
            let real: [Int]
            let tiny: [Int]
        }
        let tiny: [Int]
        let target_ratios_in_order: [String: [[Int]]]
        let cases: [Case]
    }

    private func plan(_ width: Int, _ height: Int, _ tile: Int = 512, _ budget: Int = 12, _ detail: Detail = .auto)
        throws -> [Int]
    {
        let plan = try TilePlan(
            width: width, height: height, tileSize: tile, maxTiles: budget, useThumbnail: true, detail: detail)
        return [plan.columns, plan.rows, plan.tiles]
    }

    @Test func candidatesAreInTheReferencesOrder() throws {
        let vectors = try Fixture.json("tile-vectors.json", as: Vectors.self)
        #expect(vectors.grids_by_max.count == 12)
        for (budget, grids) in vectors.grids_by_max {
            let found = CandidateGrids.grids(maxTiles: try #require(Int(budget))).map { [$0.columns, $0.rows] }
            #expect(found == grids, "max \(budget)")
        }
    }

    @Test func plansEqualTheVectors() throws {
        let vectors = try Fixture.json("tile-vectors.json", as: Vectors.self)
        #expect(vectors.vectors_max12.count > 1000)
        for vector in vectors.vectors_max12 {
            #expect(try plan(vector[0], vector[1]) == Array(vector[2...]), "\(vector)")
        }
    }

    @Test func plansEqualVLLM() throws {
        let geometry = try Fixture.json("vllm_geometry.json", as: Geometry.self)
        #expect(geometry.cases.count == 463)
        for figure in geometry.cases {
            #expect(try plan(figure.w, figure.h) == figure.real, "\(figure.w) x \(figure.h)")
            #expect(
                try plan(figure.w, figure.h, geometry.tiny[0], geometry.tiny[1]) == figure.tiny,
                "\(figure.w) x \(figure.h)")
        }
    }

    @Test func detailChoosesTheBudget() throws {
        #expect(try plan(1920, 1080, 512, 12, .low) == [1, 1, 1])
        #expect(try plan(1920, 1080, 512, 12, .auto) == [4, 2, 9])
        #expect(try plan(1920, 1080, 512, 12, .high) == [4, 3, 13])
        #expect(try plan(512, 512, 512, 12, .high) == [3, 3, 10])
        #expect(try plan(1, 1, 512, 12, .auto) == [1, 1, 1])
        #expect(try plan(10_000, 1, 512, 12, .auto) == [12, 1, 13])
        #expect(try plan(4000, 3000, 512, 1) == [1, 1, 1])
        for detail in Detail.allCases {
            for budget in [1, 2, 5, 12, 64] {
                for (width, height) in [(300, 200), (5000, 20), (1654, 2339)] {
                    let tiles = try plan(width, height, 512, budget, detail)
                    #expect(tiles[0] * tiles[1] <= budget && tiles[0] * tiles[1] >= 1)
                    let auto = try plan(width, height, 512, budget, .auto)
                    if detail == .high { #expect(tiles[0] * tiles[1] >= auto[0] * auto[1]) }
                }
            }
        }
    }

    @Test func parametersAreNamed() {
        for (width, height, tile, budget, name) in [
            (0, 5, 512, 12, "image size"), (5, -1, 512, 12, "image size"), (5, 5, 0, 12, "tile size"),
            (5, 5, 512, 0, "max-tiles is 0"), (5, 5, 512, 65, "1 to 64"),
        ] {
            let error = failure { () throws(ImagingError) in
                _ = try TilePlan(width: width, height: height, tileSize: tile, maxTiles: budget, useThumbnail: true)
            }
            #expect("\(error as Any)".contains(name))
        }
    }
}
