// Family `paragraph`: sentences that state facts, wrapped over several lines; asks for one of the facts.

enum Paragraph {
    private struct Fact {
        let sentence: String
        let questions: [String]
        let answer: String
    }

    private static func facts(_ dice: inout Dice) -> [Fact] {
        let people = dice.sample(Words.names, 4)
        let cities = dice.sample(Words.cities, 2)
        let things = dice.sample(Words.things, 4)
        let (year, weight, amount, code) = (
            dice.int(1950...2029), dice.int(2...98), dice.int(2...98), Words.code(&dice, 4...5)
        )
        let month = dice.pick(Words.months)
        return [
            Fact(
                sentence: "\(people[0]) lives in \(cities[0]).",
                questions: ["Where does \(people[0]) live?", "In which city does \(people[0]) live?"], answer: cities[0]
            ),
            Fact(
                sentence: "\(people[1]) was born in \(year).",
                questions: ["When was \(people[1]) born?", "In which year was \(people[1]) born?"], answer: "\(year)"),
            Fact(
                sentence: "The \(things[0]) weighs \(weight) kg.",
                questions: ["How many kg does the \(things[0]) weigh?"], answer: "\(weight)"),
            Fact(
                sentence: "\(people[2]) bought \(things[1]) in \(month).",
                questions: ["What did \(people[2]) buy?"], answer: things[1]),
            Fact(
                sentence: "The code of the \(things[2]) is \(code).",
                questions: ["What is the code of the \(things[2])?"], answer: code),
            Fact(
                sentence: "\(amount) people work in \(cities[1]).",
                questions: ["How many people work in \(cities[1])?"], answer: "\(amount)"),
            Fact(
                sentence: "\(people[3]) ordered the \(things[3]).",
                questions: ["Who ordered the \(things[3])?"], answer: people[3]),
        ]
    }

    static func draw(_ scene: inout Scene) throws(DocumentsError) -> Draft? {
        let page = try scene.page()
        let count = min(7, scene.dice.int(1...min(2, scene.level + 1)) + scene.dice.int(0...scene.level))
        let facts = scene.dice.sample(facts(&scene.dice), count)
        var frame = page.bounds.inset(7)
        let size = max(9, min(scene.textSize(), scene.level == 0 ? 15 : 40))
        let lineHeight = size * 1.4
        if scene.layout == .titledParagraph {
            let title = scene.dice.pick(["Notes", "Report", "News", "Letter"])
            page.text(title, x: frame.midX, y: frame.y + size, size: size, anchor: .centre, bold: true)
            page.line([(frame.x, frame.y + size * 1.4), (frame.maxX, frame.y + size * 1.4)])
            frame = Box(x: frame.x, y: frame.y + size * 1.6, width: frame.width, height: frame.height - size * 1.6)
        }
        let columns = scene.layout == .twoColumns && scene.width > scene.tileSize && count >= 3 ? 2 : 1
        let isBulleted = scene.layout == .bulleted
        let indent = isBulleted ? size * 0.9 : 0
        let width = (frame.width - 12 * Double(columns - 1)) / Double(columns) - indent
        var lines: [(text: String, isFirst: Bool)] = []
        let paragraphs = isBulleted ? facts.map(\.sentence) : [facts.map(\.sentence).joined(separator: " ")]
        for paragraph in paragraphs {
            guard let wrapped = wrap(paragraph, page, size, width) else { return nil }
            for (index, line) in wrapped.enumerated() { lines.append((line, index == 0)) }
        }
        let perColumn = (lines.count + columns - 1) / columns
        guard Double(perColumn) * lineHeight <= frame.height else { return nil }
        let spare = frame.height - Double(perColumn) * lineHeight
        let top = frame.y + scene.dice.real(0...max(0, spare))
        for (index, line) in lines.enumerated() {
            let x = frame.x + Double(index / perColumn) * (width + indent + 12)
            let baseline = top + lineHeight * Double(index % perColumn) + size
            if isBulleted, line.isFirst {
                page.circle(x: x + size * 0.3, y: baseline - size * 0.3, radius: size * 0.14, scene.look.palette.ink)
            }
            page.text(line.text, x: x + indent, y: baseline, size: size)
        }
        let asked = scene.dice.pick(facts)
        let question = scene.dice.pick(asked.questions)
        var dice = scene.furtherDice
        return Draft(
            pages: [page], kind: "fact", question: question, answers: [asked.answer],
            figures: facts.map { Figure(label: $0.sentence, text: $0.answer, value: 0) },
            further: facts.map { Exchange(dice.pick($0.questions), $0.answer) })
    }

    /// Greedy line breaks; nil when a single word is wider than `width`.
    private static func wrap(_ text: String, _ page: Page, _ size: Double, _ width: Double) -> [String]? {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            let longer = line.isEmpty ? String(word) : line + " " + word
            if page.width(of: longer, size: size) <= width {
                line = longer
            } else {
                guard !line.isEmpty, page.width(of: String(word), size: size) <= width else { return nil }
                lines.append(line)
                line = String(word)
            }
        }
        return lines + [line]
    }
}
