// Family `form`: keys and values; the question asks for one value.

enum Form {
    private static func fields(_ dice: inout Dice) -> [(key: String, value: String)] {
        [
            ("name", dice.pick(Words.names)), ("date", Words.date(&dice)), ("city", dice.pick(Words.cities)),
            ("invoice", Words.number(&dice, digits: dice.int(4...6))),
            ("room", Words.number(&dice, digits: dice.int(1...3))),
            ("code", Words.code(&dice, 4...6)), ("item", dice.pick(Words.things)),
            ("phone", Words.number(&dice, digits: 3) + "-" + Words.number(&dice, digits: 4)),
            ("age", "\(dice.int(18...99))"), ("amount", Words.money(dice.int(100...99999))),
        ]
    }

    static func draw(_ scene: inout Scene) throws(DocumentsError) -> Draft? {
        let page = try scene.page()
        let columns = scene.layout == .cardForm && scene.width > scene.tileSize ? 2 : 1
        let twoRows = scene.layout == .cardForm || scene.layout == .boxedForm
        let most = min(8, max(2, scene.height * columns / (twoRows ? 40 : 22)))
        let count = scene.dice.int(2...max(2, min(most, 2 + scene.level * 2)))
        let fields = scene.dice.sample(fields(&scene.dice), count)
        let capital = scene.dice.chance(0.6)
        let labels = fields.map { capital ? $0.key.capitalisedFirst : $0.key }
        let frame = page.bounds.inset(7)
        let rows = (count + columns - 1) / columns
        let rowHeight = min(frame.height / Double(rows), scene.textSize() * (twoRows ? 3 : 1.8))
        let cellWidth = frame.width / Double(columns)
        let strings = zip(labels, fields).map { label, field in
            twoRows ? (label.count > field.value.count ? label : field.value) + "  " : label + ":   " + field.value
        }
        // Labels and values align in columns: as wide as the widest of each.
        let widest =
            (labels.max { $0.count < $1.count } ?? "") + ":   "
            + (fields.map(\.value).max { $0.count < $1.count } ?? "")
        guard
            let size = page.size(
                rowHeight / (twoRows ? 2.9 : 1.5), for: twoRows ? strings : strings + [widest], width: cellWidth - 10,
                height: frame.height)
        else { return nil }
        let labelWidth = labels.map { page.width(of: $0 + ":  ", size: size) }.max() ?? 0
        let boldKeys = scene.dice.chance(0.3) && scene.level > 0 && twoRows
        for (index, field) in fields.enumerated() {
            let x = frame.x + cellWidth * Double(index % columns)
            let top = frame.y + rowHeight * Double(index / columns)
            let baseline = top + size * 1.1
            let label = labels[index]
            switch scene.layout {
            case .columnForm:
                page.text(label, x: x, y: baseline, size: size)
                page.text(field.value, x: x + labelWidth, y: baseline, size: size)
            case .dottedForm:
                page.text(label, x: x, y: baseline, size: size)
                page.text(field.value, x: frame.maxX, y: baseline, size: size, anchor: .right)
                let from = x + page.width(of: label, size: size) + 3
                let to = frame.maxX - page.width(of: field.value, size: size) - 3
                if to > from { page.line([(from, baseline - 1), (to, baseline - 1)], dashed: true) }
            case .boxedForm, .cardForm:
                page.text(label, x: x + 3, y: baseline, size: size, bold: boldKeys)
                page.text(field.value, x: x + 6, y: baseline + size * 1.35, size: size)
                let box = Box(x: x + 2, y: top + size * 1.33, width: cellWidth - 6, height: size * 1.45)
                if scene.layout == .boxedForm {
                    page.stroke(box)
                } else {
                    page.line([(x + 2, box.maxY), (x + cellWidth - 6, box.maxY)])
                }
            default:
                page.text(label + ": " + field.value, x: x, y: baseline, size: size)
            }
        }
        func question(_ field: (key: String, value: String), _ dice: inout Dice) -> Exchange {
            Exchange(
                dice.pick([
                    "What is the \(field.key)?", "Which \(field.key) is given?", "Read the value of \(field.key).",
                ]), field.value)
        }
        let field = scene.dice.pick(fields)
        let asked = question(field, &scene.dice)
        var dice = scene.furtherDice
        return Draft(
            pages: [page], kind: "value", question: asked.question, answers: [asked.answer],
            figures: fields.map { Figure(label: $0.key, text: $0.value, value: 0) },
            further: fields.map { question($0, &dice) })
    }
}
