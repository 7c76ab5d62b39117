// The endless supply: sample number n of a seed, split and level. Knows the families, not how they draw.

import Foundation

/// One question about one image or several frames.
package struct Sample: Sendable {
    /// One image; for `video` the frames in order.
    package let images: [Picture]
    package let question: String
    /// Every accepted answer; the first is the one to train on. Compared exactly.
    package let answers: [String]
    package let family: Family
    /// What the question asks for, such as `total`.
    package let kind: String
    package let layout: Layout
    /// The font family on every image.
    package let font: String
    /// Tiles over all images, thumbnails not counted.
    package let tiles: Int
    /// Texts of each image, as drawn.
    package let texts: [[DrawnText]]
    /// The data behind a form, receipt, chart or diagram.
    package let figures: [Figure]
    /// What else the images answer, without `question`, what training wants most first.
    package let further: [Exchange]

    package var answer: String { answers[0] }
}

/// Makes sample after sample; the same generator and index give the same bytes on a machine with the same fonts.
package struct DocumentGenerator: Sendable {
    package static let levels = 0...4
    package static let tileSizes = 96...1024
    /// Most tiles of an image at each level.
    package static let tilesByLevel = [1, 2, 4, 8, 12]

    package let seed: UInt64
    package let split: Split
    /// Whose fonts and layouts are used: `split`'s own, or those of training under unseen content.
    package let looks: Split
    package let level: Int
    package let tileSize: Int
    package let maximumTiles: Int

    private static let attempts: UInt64 = 200
    /// Cairo's FreeType fonts fail when several threads draw text at once (seen with 1.16): one sample at a time.
    private static let drawing = NSLock()

    /// - Parameters:
    ///   - level: 0 (one tile, large clean type) to 4 (up to twelve tiles, small, turned, noisy, pale).
    ///   - looks: the split whose fonts and layouts to use; nil means `split`.
    ///   - tileSize: side of a tile in pixels. An image's sides are whole multiples of it.
    ///   - maximumTiles: at most this many tiles; nil leaves it to the level.
    /// - Throws: `missingFonts`, `badOption`.
    package init(
        seed: UInt64, split: Split, level: Int, looks: Split? = nil, tileSize: Int = 128, maximumTiles: Int? = nil
    ) throws(DocumentsError) {
        guard Self.levels.contains(level) else {
            throw .badOption(name: "level", found: "\(level)", expected: "0 to 4")
        }
        guard Self.tileSizes.contains(tileSize) else {
            throw .badOption(
                name: "tile size", found: "\(tileSize)",
                expected: "\(Self.tileSizes.lowerBound) to \(Self.tileSizes.upperBound)")
        }
        guard (1...12).contains(maximumTiles ?? 1) else {
            throw .badOption(name: "most tiles", found: "\(maximumTiles ?? 0)", expected: "1 to 12")
        }
        try Looks.check(looks ?? split, isInstalled: InstalledFonts.contains)
        self.seed = seed
        self.split = split
        self.looks = looks ?? split
        self.level = level
        self.tileSize = tileSize
        self.maximumTiles = min(maximumTiles ?? 12, Self.tilesByLevel[level])
    }

    /// Sample number `index`, of a random family or of `family`. Any order and any thread: samples do not depend on
    /// each other. Threads take turns to draw.
    package func sample(at index: UInt64, family: Family? = nil) throws(DocumentsError) -> Sample {
        Self.drawing.lock()
        defer { Self.drawing.unlock() }
        return try draw(index, family)
    }

    private func draw(_ index: UInt64, _ family: Family?) throws(DocumentsError) -> Sample {
        let root = Dice(seed: seed).split(split.label).split(index)
        var choice = root.split(0)
        let drawn = choice.pick(Family.standard)
        let family = family ?? drawn
        var (width, height) = (tileSize, tileSize)
        for attempt in 1...Self.attempts {
            var scene = self.scene(family, root.split(attempt))
            (width, height) = (scene.width, scene.height)
            guard let draft = try family.draw(&scene), draft.pages.allSatisfy(\.isLegible) else { continue }
            var images: [Picture] = []
            for page in draft.pages { images.append(try page.picture(&scene.dice)) }
            return Sample(
                images: images, question: draft.question, answers: draft.answers, family: family, kind: draft.kind,
                layout: scene.layout, font: scene.look.font,
                tiles: images.reduce(0) { $0 + ($1.width / tileSize) * ($1.height / tileSize) },
                texts: draft.pages.map(\.texts), figures: draft.figures,
                further: further(draft, root.split(0)))
        }
        throw .doesNotFit(family: family, width: width, height: height, attempts: Int(Self.attempts))
    }

    /// In random order. In training with as many lessons besides, and three times in four with a leading one first.
    private func further(_ draft: Draft, _ dice: Dice) -> [Exchange] {
        let plain = draft.further.filter { $0.question != draft.question }
        guard split == .train else { return dice.shuffled(plain) }
        var dice = dice.split(1)
        let parts = dice.sample(draft.lessons.parts, plain.count).filter { $0.question != draft.question }
        let rest = dice.sample(plain + parts, plain.count + parts.count)
        guard let best = draft.lessons.leading.first, dice.chance(0.75) else { return rest }
        return [dice.chance(0.5) ? best : dice.pick(draft.lessons.leading)].filter { $0.question != draft.question }
            + rest
    }

    private func scene(_ family: Family, _ start: Dice) -> Scene {
        var dice = start
        let most = family == .video ? 1 : maximumTiles
        let tiles = dice.int(1...most)
        var grids: [(columns: Int, rows: Int)] = []
        for columns in 1...tiles {
            for rows in 1...tiles
            where columns * rows <= tiles && columns * rows * 4 >= tiles * 3
                && max(columns, rows) <= 3 * min(columns, rows)
            {
                grids.append((columns, rows))
            }
        }
        let grid = dice.pick(grids)
        let layout = dice.pick(Looks.layouts(of: family, looks))
        let lightOnly = [Family.chart, .diagram, .video].contains(family)
        let turn = level >= 2 && dice.chance(0.5) ? dice.real(-1...1) * 0.012 * Double(level) : 0
        let look = Look(
            font: dice.pick(Looks.fonts(of: looks)).name, isBold: level >= 1 && dice.chance(0.2),
            isOblique: level >= 3 && dice.chance(0.1),
            palette: Palette(level: level, isLight: lightOnly, dice: &dice), angle: turn,
            noise: level == 0 ? 0 : dice.int(0...4 * level))
        return Scene(
            dice: dice, level: level, layout: layout, width: grid.columns * tileSize, height: grid.rows * tileSize,
            tiles: grid.columns * grid.rows, tileSize: tileSize, look: look)
    }
}

extension Family {
    /// Nil when the drawing did not fit.
    func draw(_ scene: inout Scene) throws(DocumentsError) -> Draft? {
        switch self {
        case .lines: try TextLines.draw(&scene)
        case .form: try Form.draw(&scene)
        case .receipt: try Receipt.draw(&scene)
        case .chart: try Chart.draw(&scene)
        case .diagram: try Diagram.draw(&scene)
        case .screen: try Screen.draw(&scene)
        case .paragraph: try Paragraph.draw(&scene)
        case .video: try Video.draw(&scene)
        case .till: try Till.draw(&scene)
        }
    }
}
