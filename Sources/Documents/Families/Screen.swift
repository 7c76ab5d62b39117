// Family `screen`: mock-ups of dialogs, settings, telephones and browsers.

enum Screen {
    static func draw(_ scene: inout Scene) throws(DocumentsError) -> Draft? {
        let page = try scene.page()
        let accent = scene.dice.pick(NamedColour.all.filter { ["blue", "green", "purple", "red"].contains($0.name) })
            .colour
        var frame = page.bounds.inset(5)
        if scene.layout == .telephone {
            let width = min(frame.width, frame.height * 0.75)
            frame = Box(x: frame.midX - width / 2, y: frame.y, width: width, height: frame.height)
        }
        let title =
            scene.dice.pick(Words.settings) + (scene.level >= 2 ? " " + Words.number(&scene.dice, digits: 2) : "")
        let options = scene.dice.sample(Words.settings.filter { !title.hasPrefix($0) }, scene.level >= 2 ? 4 : 3)
        let buttons = scene.dice.sample(Words.actions, 2)
        let address = scene.dice.pick(Words.things) + "." + scene.dice.pick(["com", "org", "net"])
        let hasButtons = scene.layout == .dialog || scene.layout == .browser
        let rows = Double(options.count) + (hasButtons ? 2.4 : 1.2)
        let rowHeight = min(frame.height / rows, scene.textSize() * 1.7)
        let strings = options.map { $0 + "XXXX" } + [title, address + "XX", buttons[0] + buttons[1] + "XXXX"]
        guard
            let size = page.size(
                rowHeight / 1.5, for: strings, width: frame.width - 12, height: frame.height, leading: 0.5)
        else { return nil }
        page.stroke(Box(x: frame.x, y: frame.y, width: frame.width, height: rowHeight * rows), line: 1.5)
        let bar = Box(x: frame.x, y: frame.y, width: frame.width, height: rowHeight * 1.1)
        page.fill(bar, accent)
        let heading = scene.layout == .browser ? address : title
        if scene.layout == .browser {
            page.fill(bar.inset(rowHeight * 0.1), Colour(250, 250, 250))
            page.text(heading, x: bar.x + 8, y: bar.midY + size * 0.36, size: size, colour: Colour(20, 20, 20))
        } else {
            page.text(heading, centredIn: bar, size: size, colour: accent.legibleInk)
        }
        let chosen = scene.dice.int(0...options.count - 1)
        for (index, option) in options.enumerated() {
            let row = Box(x: frame.x, y: bar.maxY + rowHeight * Double(index), width: frame.width, height: rowHeight)
            let baseline = row.midY + size * 0.36
            let radius = size * 0.36
            switch scene.layout {
            case .dialog, .browser:
                page.outlineCircle(x: row.x + 6 + radius, y: row.midY, radius: radius)
                if index == chosen {
                    page.circle(x: row.x + 6 + radius, y: row.midY, radius: radius * 0.65, scene.look.palette.ink)
                }
                page.text(option, x: row.x + 14 + 2 * radius, y: baseline, size: size)
            default:
                page.text(option, x: row.x + 6, y: baseline, size: size)
                let toggle = Box(
                    x: row.maxX - 8 - size * 1.5, y: row.midY - radius, width: size * 1.5, height: 2 * radius)
                if index == chosen { page.fill(toggle, accent) }
                page.stroke(toggle)
                page.circle(
                    x: index == chosen ? toggle.maxX - radius : toggle.x + radius, y: row.midY, radius: radius * 0.75,
                    index == chosen ? Colour(250, 250, 250) : scene.look.palette.ink)
                if index > 0 { page.line([(row.x, row.y), (row.maxX, row.y)], width: 0.5) }
            }
        }
        let onOff = scene.layout == .settings || scene.layout == .telephone
        if hasButtons {
            let width = (frame.width - 18) / 2
            for (index, name) in buttons.enumerated() {
                let box = Box(
                    x: frame.x + 6 + (width + 6) * Double(index),
                    y: bar.maxY + rowHeight * (Double(options.count) + 0.1),
                    width: width, height: rowHeight)
                if index == 1 { page.fill(box, accent) } else { page.stroke(box) }
                page.text(name, centredIn: box, size: size, colour: index == 1 ? accent.legibleInk : nil)
            }
        }
        let figures = options.enumerated().map {
            Figure(label: $1, text: $0 == chosen ? "on" : "off", value: $0 == chosen ? 1 : 0)
        }
        func titleQuestion(_ dice: inout Dice) -> Exchange {
            scene.layout == .browser
                ? Exchange("What is the address of the page?", heading)
                : Exchange(
                    dice.pick(["What is the title of the window?", "What does the title bar say?"]), heading)
        }
        func button(_ isLeft: Bool) -> Exchange {
            Exchange("What does the \(isLeft ? "left" : "right") button say?", buttons[isLeft ? 0 : 1])
        }
        func selected(_ dice: inout Dice) -> Exchange {
            Exchange(
                dice.pick(
                    onOff
                        ? ["Which setting is on?", "What is switched on?"]
                        : ["Which option is selected?", "What is selected?"]), options[chosen])
        }
        var draws = scene.dice
        let (kind, asked) =
            switch draws.int(0...2) {
            case 0: ("title", titleQuestion(&draws))
            case 1 where hasButtons: ("button", button(draws.chance(0.5)))
            default: ("selected", selected(&draws))
            }
        scene.dice = draws
        var dice = scene.furtherDice
        return Draft(
            pages: [page], kind: kind, question: asked.question, answers: [asked.answer], figures: figures,
            further: [titleQuestion(&dice), selected(&dice)] + (hasButtons ? [button(true), button(false)] : []))
    }
}
