// Into which tiles an image of a given size is cut. Knows extents, not pixels.

/// How much of the tile budget an image is given.
package enum Detail: String, Sendable, CaseIterable {
    /// One tile, whatever the size.
    case low
    /// The grid that shows most: the rule of `auto` without its cap, so that area counts as long as the budget lasts.
    case high
    /// The rule the model was trained with: a grid is large enough at 60 % of the image's area.
    case auto
}

/// The grid of an image and the number of its tiles.
package struct TilePlan: Sendable, Equatable {
    package let columns: Int
    package let rows: Int
    /// The whole image as one more tile, after the grid's.
    package let hasThumbnail: Bool
    /// Side of a tile, pixels.
    package let tileSize: Int

    /// Tiles of the grid and the thumbnail.
    package var tiles: Int { columns * rows + (hasThumbnail ? 1 : 0) }

    /// Largest accepted `maxTiles`.
    package static let largestBudget = 64

    /// Chooses the grid as vLLM's `nemotron_vl` processor does (and the model's own), in the same IEEE double
    /// operations: of the candidates in order, the first with the greatest min(grid area / image area, 0.6) times
    /// closeness of aspect, where closeness is the smaller of the two aspect ratios' quotients.
    ///
    /// - Parameters:
    ///   - width: pixels, as the image lies on the page.
    ///   - height: pixels.
    ///   - tileSize: side of a tile, pixels.
    ///   - maxTiles: 1...64; the thumbnail is not counted.
    ///   - useThumbnail: whether an image of several tiles gets a thumbnail.
    package init(
        width: Int, height: Int, tileSize: Int, maxTiles: Int, useThumbnail: Bool, detail: Detail = .auto
    ) throws(ImagingError) {
        guard width > 0, height > 0 else {
            throw .parameter(name: "the image size", found: "\(width) x \(height)", expected: "at least 1 x 1 pixels")
        }
        guard (1...8192).contains(tileSize) else {
            throw .parameter(name: "the tile size", found: "\(tileSize)", expected: "1 to 8192 pixels")
        }
        guard (1...Self.largestBudget).contains(maxTiles) else {
            throw .parameter(name: "max-tiles", found: "\(maxTiles)", expected: "1 to \(Self.largestBudget)")
        }
        let aspect = Double(width) / Double(height)
        let area = Double(width) * Double(height)
        let cap = detail == .high ? Double.infinity : 0.6
        var best = Grid(columns: 1, rows: 1)
        var bestFactor = -Double.infinity
        for grid in CandidateGrids.grids(maxTiles: detail == .low ? 1 : maxTiles) {
            let gridAspect = Double(grid.columns) / Double(grid.rows)
            let size = min(Double(grid.area * tileSize * tileSize) / area, cap)
            let factor = size * min(gridAspect / aspect, aspect / gridAspect)
            if factor > bestFactor {
                bestFactor = factor
                best = grid
            }
        }
        columns = best.columns
        rows = best.rows
        hasThumbnail = useThumbnail && best.area != 1
        self.tileSize = tileSize
    }
}
