// Family `video`: frames of one tile each with a word and a moving shape; asks about order, movement and change.

enum Video {
    static func draw(_ scene: inout Scene) throws(DocumentsError) -> Draft? {
        let count = scene.dice.int(2...min(8, 3 + scene.level))
        let words = scene.dice.sample(Words.things, count)
        let shape = scene.dice.pick(NamedShape.allCases)
        let colours = scene.dice.sample(NamedColour.all, 2)
        let change = scene.dice.int(1...count - 1)
        let directions = ["left", "right", "up", "down"]
        let direction = scene.dice.pick(directions)
        let size = min(scene.textSize(), Double(scene.tileSize) * 0.16)
        var pages: [Page] = []
        for (index, word) in words.enumerated() {
            let page = try scene.page()
            let frame = page.bounds.inset(6)
            let radius = frame.width * 0.1
            let band = size * 1.5
            // The word's place, and the field in which the shape moves.
            var (field, label, anchor) = (frame, (x: frame.midX, y: frame.maxY - size * 0.35), Anchor.centre)
            switch scene.layout {
            case .headerFrames:
                page.fill(Box(x: 0, y: 0, width: page.width, height: band + 6), scene.look.palette.ink)
                label.y = frame.y + size
                field = Box(x: frame.x, y: frame.y + band, width: frame.width, height: frame.height - band)
            case .cornerFrames:
                (label, anchor) = ((frame.maxX, frame.y + size), .right)
                field = Box(x: frame.x, y: frame.y + band, width: frame.width, height: frame.height - band)
            case .cardFrames:
                page.stroke(frame, line: 1.5)
                label.y = frame.y + size * 1.1
                field = Box(x: frame.x, y: frame.y + band, width: frame.width, height: frame.height - band)
            default:
                field.height -= band
            }
            let share = Double(index) / Double(count - 1)
            let (x0, y0) = (field.x + radius + 3, field.y + radius + 3)
            let (dx, dy) = (field.width - 2 * radius - 6, field.height - 2 * radius - 6)
            let (x, y) =
                switch direction {
                case "left": (x0 + dx * (1 - share), field.midY)
                case "right": (x0 + dx * share, field.midY)
                case "up": (field.midX, y0 + dy * (1 - share))
                default: (field.midX, y0 + dy * share)
                }
            shape.draw(page, x: x, y: y, radius: radius, colours[index < change ? 0 : 1].colour)
            page.text(
                word, x: label.x, y: label.y, size: size, anchor: anchor,
                colour: scene.layout == .headerFrames ? scene.look.palette.paper : nil)
            pages.append(page)
        }
        let figures = words.enumerated().map { Figure(label: "frame \($0 + 1)", text: $1, value: $0) }
        let others = directions.filter { $0 != direction }
        let way = "Which way does the \(shape.rawValue) move?"
        func choice(_ dice: inout Dice) -> Exchange {
            let choice = Scene.multipleChoice(way, [direction] + others, &dice)
            return Exchange(choice.question, choice.answer)
        }
        func after(_ index: Int) -> Exchange {
            Exchange("Which word comes after \(words[index])?", words[index + 1])
        }
        let last = Exchange("Which word is in the last frame?", words[count - 1])
        let first = Exchange("Which word is in the first frame?", words[0])
        let colour = Exchange("What color is the \(shape.rawValue) at the end?", colours[1].name)
        let (kind, asked) =
            switch scene.dice.int(0...5) {
            case 0: ("last", last)
            case 1: ("first", first)
            case 2: ("order", after(scene.dice.int(0...count - 2)))
            case 3: ("direction", Exchange(way, direction))
            case 4: ("choice", choice(&scene.dice))
            default: ("colour", colour)
            }
        var dice = scene.furtherDice
        var lessonDice = scene.lessonDice
        let lessons = Lessons(
            leading: [choice(&lessonDice), choice(&lessonDice), .list("List the words in order.", words)],
            parts: (0..<2).map { _ in choice(&lessonDice) } + [
                Exchange("What color is the \(shape.rawValue) at the start?", colours[0].name),
                Exchange("How many frames are there?", "\(count)"),
            ])
        return Draft(
            pages: pages, kind: kind, question: asked.question, answers: [asked.answer], figures: figures,
            further: [last, first, colour, Exchange(way, direction), choice(&dice)] + (0..<count - 1).map(after),
            lessons: lessons)
    }
}
