// Family `lines`: words, numbers and codes, read whole or by line.

enum TextLines {
    static func draw(_ scene: inout Scene) throws(DocumentsError) -> Draft? {
        let page = try scene.page()
        let count = scene.level == 0 ? 1 : scene.dice.int(1...1 + scene.level)
        let lines = (0..<count).map { _ in
            let words = scene.level <= 1 ? 1 : scene.dice.int(1...2)
            return (0..<words).map { _ in Words.token(&scene.dice, level: scene.level) }.joined(separator: " ")
        }
        let frame = page.bounds.inset(8)
        guard let size = page.size(scene.textSize(), for: lines, width: frame.width - 8, height: frame.height - 8)
        else { return nil }
        let lineHeight = size * 1.35
        let widest = lines.map { page.width(of: $0, size: size) }.max() ?? 0
        let block = Box(
            x: frame.x + 4 + scene.dice.real(0...max(0, frame.width - 8 - widest)),
            y: frame.y + 4 + scene.dice.real(0...max(0, frame.height - 8 - lineHeight * Double(count))),
            width: widest, height: lineHeight * Double(count))
        let surround = block.inset(-4)
        var ink: Colour?
        if scene.layout == .framedLines { page.stroke(surround, line: scene.dice.real(1...3)) }
        if scene.layout == .bandLines {
            page.fill(Box(x: 0, y: surround.y, width: page.width, height: surround.height), scene.look.palette.ink)
            ink = scene.look.palette.paper
        }
        let anchor: Anchor = scene.layout == .centredLines ? .centre : .left
        for (index, line) in lines.enumerated() {
            page.text(
                line, x: anchor == .centre ? block.midX : block.x, y: block.y + lineHeight * Double(index) + size,
                size: size, anchor: anchor, colour: ink)
        }
        func line(_ index: Int, _ dice: inout Dice) -> Exchange {
            let ordinal = ["first", "second", "third", "fourth", "fifth"][index]
            return Exchange(dice.pick(["What does line \(index + 1) say?", "Read the \(ordinal) line."]), lines[index])
        }
        func all(_ dice: inout Dice) -> Exchange {
            Exchange(
                dice.pick(["Read the text.", "What is written in the image?", "What does the text say?"]),
                lines.joined(separator: " "))
        }
        let asksLine = count > 1 && scene.dice.chance(0.5)
        let asked = asksLine ? line(scene.dice.int(0...count - 1), &scene.dice) : all(&scene.dice)
        var dice = scene.furtherDice
        return Draft(
            pages: [page], kind: asksLine ? "line" : "read", question: asked.question, answers: [asked.answer],
            further: [all(&dice)] + (count > 1 ? lines.indices.map { line($0, &dice) } : []))
    }
}
