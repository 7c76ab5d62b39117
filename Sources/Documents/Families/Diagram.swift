// Family `diagram`: coloured shapes with letters, and chains of boxes; several kinds of question, most with options.

import Foundation

/// A filled shape that has a name.
enum NamedShape: String, CaseIterable, Sendable {
    case circle, square, triangle, star, diamond

    func draw(_ page: Page, x: Double, y: Double, radius r: Double, _ colour: Colour) {
        switch self {
        case .circle: page.circle(x: x, y: y, radius: r, colour)
        case .square: page.fill(Box(x: x - r * 0.85, y: y - r * 0.85, width: r * 1.7, height: r * 1.7), colour)
        case .triangle: page.polygon([(x, y - r), (x + r, y + r * 0.8), (x - r, y + r * 0.8)], colour)
        case .diamond: page.polygon([(x, y - r), (x + r * 0.75, y), (x, y + r), (x - r * 0.75, y)], colour)
        case .star:
            page.polygon(
                (0..<10).map { corner in
                    let angle = Double(corner) * .pi / 5 - .pi / 2
                    let reach = corner % 2 == 0 ? r : r * 0.42
                    return (x + cos(angle) * reach, y + sin(angle) * reach)
                }, colour)
        }
    }
}

enum Diagram {
    static func draw(_ scene: inout Scene) throws(DocumentsError) -> Draft? {
        scene.layout == .chain ? try chain(&scene) : try shapes(&scene)
    }

    private static func shapes(_ scene: inout Scene) throws(DocumentsError) -> Draft? {
        let page = try scene.page()
        let count = scene.dice.int(2...min(5, 3 + scene.level))
        let shapes = scene.dice.sample(NamedShape.allCases, count)
        let colours = scene.dice.sample(NamedColour.all, count)
        let letters = scene.dice.sample("KLMPRSTUVW".map { "\($0)" }, count)
        guard let places = places(count, scene.layout, page.bounds.inset(6), &scene.dice) else { return nil }
        let size = min(max(10, scene.textSize()), places.cell * 0.3)
        guard size >= 9 else { return nil }
        let radius = min(places.cell / 2 - size * 0.8, Double(scene.tileSize) * 0.4)
        guard radius >= 9 else { return nil }
        for (index, point) in places.points.enumerated() {
            shapes[index].draw(page, x: point.x, y: point.y - size * 0.6, radius: radius, colours[index].colour)
            page.text(letters[index], x: point.x, y: point.y + radius + size * 0.75, size: size, anchor: .centre)
        }
        let asked = scene.dice.int(0...count - 1)
        let (shape, colour) = (shapes[asked].rawValue, colours[asked].name)
        let otherColours = scene.dice.sample(NamedColour.all.map(\.name).filter { $0 != colour }, 3)
        let otherShapes = scene.dice.sample(NamedShape.allCases.map(\.rawValue).filter { $0 != shape }, 3)
        let figures = zip(letters, zip(colours, shapes)).map {
            Figure(label: $0, text: "\($1.0.name) \($1.1.rawValue)", value: 0)
        }
        let drawn = zip(zip(shapes, colours), letters).map {
            DrawnShape(shape: $0.0.rawValue, colour: $0.1.name, letter: $1)
        }
        func draft(_ kind: String, _ exchange: Exchange) -> Draft {
            Draft(
                pages: [page], kind: kind, question: exchange.question, answers: [exchange.answer], figures: figures,
                further: further(drawn, scene.furtherDice), lessons: lessons(drawn))
        }
        let target = drawn[asked]
        switch scene.dice.int(0...5) {
        case 0: return draft("colour", target.colour(&scene.dice))
        case 1: return draft("shape", target.shape(&scene.dice))
        case 2: return draft("label", target.letter(&scene.dice))
        case 3: return draft("count", Exchange("How many shapes are there?", "\(count)"))
        case 4:
            let choice = scene.multipleChoice("What color is the \(shape)?", [colour] + otherColours)
            return draft("choice", Exchange(choice.question, choice.answer))
        default:
            let choice = scene.multipleChoice("Which shape is labelled \(letters[asked])?", [shape] + otherShapes)
            return draft("choice", Exchange(choice.question, choice.answer))
        }
    }

    private struct DrawnShape {
        let shape: String
        let colour: String
        let letter: String

        func colour(_ dice: inout Dice) -> Exchange {
            Exchange(dice.pick(["What color is the \(shape)?", "Which color is the \(shape)?"]), colour)
        }

        func shape(_ dice: inout Dice) -> Exchange {
            Exchange(dice.pick(["What shape is \(colour)?", "Which shape is \(colour)?"]), shape)
        }

        func letter(_ dice: inout Dice) -> Exchange {
            Exchange("Which letter labels the \(dice.pick([shape, "\(colour) \(shape)"]))?", letter)
        }
    }

    private static func further(_ drawn: [DrawnShape], _ start: Dice) -> [Exchange] {
        var dice = start
        var exchanges = [Exchange("How many shapes are there?", "\(drawn.count)")]
        for target in drawn {
            exchanges += [target.colour(&dice), target.shape(&dice), target.letter(&dice)]
            let colours = dice.sample(NamedColour.all.map(\.name).filter { $0 != target.colour }, 3)
            let byColour = Scene.multipleChoice("What color is the \(target.shape)?", [target.colour] + colours, &dice)
            let shapes = dice.sample(NamedShape.allCases.map(\.rawValue).filter { $0 != target.shape }, 3)
            let byLetter = Scene.multipleChoice(
                "Which shape is labelled \(target.letter)?", [target.shape] + shapes, &dice)
            exchanges += [byColour, byLetter].map { Exchange($0.question, $0.answer) }
        }
        return exchanges
    }

    private static func lessons(_ drawn: [DrawnShape]) -> Lessons {
        let sorted = drawn.sorted { $0.letter < $1.letter }
        return Lessons(
            leading: [
                .list(
                    "List every letter with its color and shape.",
                    sorted.map { "\($0.letter) \($0.colour) \($0.shape)" }),
                .list("List every letter with its color.", sorted.map { "\($0.letter) \($0.colour)" }),
            ],
            parts: drawn.flatMap {
                [
                    Exchange("What color is the shape labelled \($0.letter)?", $0.colour),
                    Exchange("Which shape is labelled \($0.letter)?", $0.shape),
                ]
            })
    }

    /// Middles of `count` shapes and the side of the square each one has to itself.
    private static func places(
        _ count: Int, _ layout: Layout, _ frame: Box, _ dice: inout Dice
    ) -> (points: [(x: Double, y: Double)], cell: Double)? {
        switch layout {
        case .circleOfShapes:
            let reach = min(frame.width, frame.height) * 0.33
            let cell = min(reach, count <= 2 ? reach : 2 * reach * sin(.pi / Double(count)) * 0.95)
            let turn = dice.real(0...6)
            let points = (0..<count).map { index in
                let angle = turn + 2 * .pi * Double(index) / Double(count)
                return (x: frame.midX + cos(angle) * reach, y: frame.midY + sin(angle) * reach)
            }
            return (points, min(cell, min(frame.width, frame.height) * 0.34))
        case .columnOfShapes:
            let isTall = frame.height >= frame.width
            let step = (isTall ? frame.height : frame.width) / Double(count)
            let points = (0..<count).map { index -> (x: Double, y: Double) in
                let along = step * (Double(index) + 0.5)
                return isTall ? (frame.midX, frame.y + along) : (frame.x + along, frame.midY)
            }
            return (points, min(step, isTall ? frame.width : frame.height))
        default:
            let columns = count <= 2 ? 2 : count <= 4 ? 2 : 3
            let rows = max((count + columns - 1) / columns, layout == .scattered ? 2 : 1)
            let (w, h) = (frame.width / Double(columns), frame.height / Double(rows))
            var cells = Array(0..<columns * rows)
            cells = layout == .scattered ? dice.sample(cells, count) : Array(cells.prefix(count))
            let cell = min(w, h) * (layout == .scattered ? 0.85 : 1)
            let points = cells.map { index in
                let jitterX = layout == .scattered ? dice.real(-0.5...0.5) * (w - cell) : 0
                let jitterY = layout == .scattered ? dice.real(-0.5...0.5) * (h - cell) : 0
                return (
                    x: frame.x + w * (Double(index % columns) + 0.5) + jitterX,
                    y: frame.y + h * (Double(index / columns) + 0.5) + jitterY
                )
            }
            return (points, cell)
        }
    }

    private static func chain(_ scene: inout Scene) throws(DocumentsError) -> Draft? {
        let page = try scene.page()
        let count = scene.dice.int(3...4)
        let words = scene.dice.sample(Words.things, count)
        let frame = page.bounds.inset(6)
        let isTall = frame.height * 1.2 >= frame.width
        let step = (isTall ? frame.height : frame.width) / Double(count)
        let gap = isTall ? min(16, step * 0.4) : 16
        let cell =
            isTall
            ? Box(x: 0, y: 0, width: frame.width * 0.7, height: step - gap)
            : Box(x: 0, y: 0, width: step - gap, height: min(frame.height * 0.5, 60))
        guard
            let size = page.size(scene.textSize(), for: words, width: cell.width - 8, height: cell.height, leading: 1.3)
        else { return nil }
        for (index, word) in words.enumerated() {
            let box = Box(
                x: isTall ? frame.midX - cell.width / 2 : frame.x + step * Double(index),
                y: isTall ? frame.y + step * Double(index) : frame.midY - cell.height / 2, width: cell.width,
                height: cell.height)
            page.stroke(box, line: 1.5)
            page.text(word, centredIn: box, size: size)
            guard index < count - 1 else { continue }
            let (from, to) =
                isTall
                ? ((box.midX, box.maxY), (box.midX, box.maxY + gap - 1))
                : ((box.maxX, box.midY), (box.maxX + gap - 1, box.midY))
            page.line([(from.0, from.1), (to.0, to.1)], width: 1.5)
            page.polygon(
                isTall
                    ? [to, (to.0 - 4, to.1 - 6), (to.0 + 4, to.1 - 6)]
                    : [to, (to.0 - 6, to.1 - 4), (to.0 - 6, to.1 + 4)],
                scene.look.palette.ink)
        }
        let index = scene.dice.int(0...count - 2)
        let figures = words.map { Figure(label: $0, text: $0, value: 0) }
        var dice = scene.furtherDice
        let further = (0..<count - 1).flatMap { index in
            let (word, next) = (words[index], words[index + 1])
            let choice = Scene.multipleChoice(
                "What comes after \(word)?", [next] + words.filter { $0 != next && $0 != word }, &dice)
            return [
                Exchange("What comes after \(word)?", next), Exchange("What comes before \(next)?", word),
                Exchange(choice.question, choice.answer),
            ]
        }
        let lessons = Lessons(
            leading: [.list("Read the boxes in order.", words)],
            parts: [
                Exchange("What is in the first box?", words[0]),
                Exchange("What is in the last box?", words[count - 1]),
            ])
        if scene.dice.chance(0.5) {
            let choice = scene.multipleChoice(
                "What comes after \(words[index])?",
                [words[index + 1]] + words.filter { $0 != words[index + 1] && $0 != words[index] })
            return Draft(
                pages: [page], kind: "choice", question: choice.question, answers: [choice.answer], figures: figures,
                further: further, lessons: lessons)
        }
        let forward = scene.dice.chance(0.5)
        let question = forward ? "What comes after \(words[index])?" : "What comes before \(words[index + 1])?"
        return Draft(
            pages: [page], kind: "order", question: question, answers: [words[forward ? index + 1 : index]],
            figures: figures, further: further, lessons: lessons)
    }
}
