// Family `chart`: bars, curves, lollipops, pies and rings with their values written; asks values and extremes.

import Foundation

enum Chart {
    static func draw(_ scene: inout Scene) throws(DocumentsError) -> Draft? {
        let page = try scene.page()
        let layout = scene.layout
        let count = scene.dice.int(2...max(3, min(3 + scene.level, scene.width / 40)))
        let names = scene.dice.pick([Words.months, Words.things.filter { $0.count <= 5 }, "ABCDEFGHJK".map { "\($0)" }])
        let labels = scene.dice.sample(names, count)
        let isRound = layout == .pie || layout == .ring
        guard let values = isRound ? shares(count, &scene.dice) : scene.dice.sample(Array(5...99), count) else {
            return nil
        }
        let texts = values.map { isRound ? "\($0)%" : "\($0)" }
        let named = scene.dice.sample(NamedColour.all.filter { $0.name != "black" }, count)
        let colours = named.map(\.colour)
        guard colours.count == count else { return nil }
        let frame = page.bounds.inset(6)
        let size: Double?
        switch layout {
        case .pie, .ring:
            size = drawRound(page, frame, labels, texts, values, colours, scene.textSize(), hole: layout == .ring)
        case .horizontalBars: size = drawAcross(page, frame, labels, values, colours, scene.textSize())
        default: size = drawUpright(page, frame, labels, values, colours, scene.textSize(), layout)
        }
        guard size != nil else { return nil }

        let figures = zip(labels, zip(texts, values)).map { Figure(label: $0, text: $1.0, value: $1.1) }
        let top = values.firstIndex(of: values.max() ?? 0) ?? 0
        let low = values.firstIndex(of: values.min() ?? 0) ?? 0
        func value(_ index: Int, _ dice: inout Dice) -> Exchange {
            Exchange(
                dice.pick(["What is the value of \(labels[index])?", "How much is \(labels[index])?"]), texts[index])
        }
        func largest(_ dice: inout Dice) -> Exchange {
            Exchange(dice.pick(["Which label has the highest value?", "Which one is the largest?"]), labels[top])
        }
        func smallest(_ dice: inout Dice) -> Exchange {
            Exchange(dice.pick(["Which label has the lowest value?", "Which one is the smallest?"]), labels[low])
        }
        let index = scene.dice.int(0...count - 1)
        let (kind, asked) =
            switch scene.dice.int(0...9) {
            case 0...4: ("value", value(index, &scene.dice))
            case 5...7: ("argmax", largest(&scene.dice))
            default: ("argmin", smallest(&scene.dice))
            }
        var dice = scene.furtherDice
        return Draft(
            pages: [page], kind: kind, question: asked.question, answers: [asked.answer], figures: figures,
            further: (0..<count).map { value($0, &dice) } + [largest(&dice), smallest(&dice)],
            lessons: lessons(
                labels, texts, named.map(\.name), layout, highest: texts[top], lowest: texts[low],
                scene.lessonDice))
    }

    /// Label, value and colour of each bar, point or slice told by one another, by place and in order of drawing.
    private static func lessons(
        _ labels: [String], _ texts: [String], _ colours: [String], _ layout: Layout, highest: String, lowest: String,
        _ start: Dice
    ) -> Lessons {
        var dice = start
        let isUpright = ![.pie, .ring, .horizontalBars].contains(layout)
        let isColoured = layout != .curve
        var leading = [
            Exchange.list("List every label with its value.", zip(labels, texts).map { "\($0) \($1)" }),
            Exchange.list("List every value with its label.", zip(labels, texts).map { "\($1) \($0)" }),
        ]
        var parts = [
            Exchange("What is the highest value?", highest), Exchange("What is the lowest value?", lowest),
            Exchange("How many values are there?", "\(labels.count)"),
        ]
        for (label, text) in zip(labels, texts) {
            parts.append(
                Exchange(dice.pick(["Which label has the value \(text)?", "Which label belongs to \(text)?"]), label))
        }
        let picked = dice.sample(Array(labels.indices), 2)
        if isColoured {
            leading.append(.list("List every color with its value.", zip(colours, texts).map { "\($0) \($1)" }))
            leading.append(.list("List every label with its color.", zip(labels, colours).map { "\($0) \($1)" }))
            for index in picked {
                parts += [
                    Exchange("What color is \(labels[index])?", colours[index]),
                    Exchange("Which label is \(colours[index])?", labels[index]),
                    Exchange("What is the value of the \(colours[index]) one?", texts[index]),
                ]
            }
        }
        guard isUpright else { return Lessons(leading: leading, parts: parts) }
        leading.append(.list("List the values from left to right.", texts))
        leading.append(.list("List the labels from left to right.", labels))
        let ordinals = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh"]
        for index in picked where index < ordinals.count {
            let place = "\(ordinals[index]) from the left"
            parts += [
                Exchange("What is the value of the \(place)?", texts[index]),
                Exchange("What is the label of the \(place)?", labels[index]),
            ]
        }
        parts += [
            Exchange("What is the last value on the right?", texts[texts.count - 1]),
            Exchange("What is the last label on the right?", labels[labels.count - 1]),
        ]
        for left in dice.sample(Array(0..<labels.count - 1), 2) {
            let right = left + 1
            parts += [
                Exchange("What is the label right of \(labels[left])?", labels[right]),
                Exchange("What is the label left of \(labels[right])?", labels[left]),
                Exchange("What is the value right of \(texts[left])?", texts[right]),
            ]
        }
        return Lessons(leading: leading, parts: parts)
    }

    /// Different whole percentages of at least 8 that add up to 100.
    private static func shares(_ count: Int, _ dice: inout Dice) -> [Int]? {
        for _ in 0..<50 {
            let cuts = (dice.sample(Array(1...99), count - 1) + [0, 100]).sorted()
            let parts = zip(cuts.dropFirst(), cuts).map { $0 - $1 }
            if parts.allSatisfy({ $0 >= 8 }), Set(parts).count == count { return parts }
        }
        return nil
    }

    private static func drawUpright(
        _ page: Page, _ frame: Box, _ labels: [String], _ values: [Int], _ colours: [Colour], _ wanted: Double,
        _ layout: Layout
    ) -> Double? {
        let step = frame.width / Double(labels.count)
        guard
            let size = page.size(
                min(wanted, 20), for: labels + ["99"], width: step - 4, height: frame.height, leading: 1)
        else { return nil }
        let floor = frame.maxY - size * 1.4
        let reach = floor - frame.y - size * 1.8
        guard reach > 30 else { return nil }
        page.line([(frame.x, floor), (frame.maxX, floor)], width: 1.5)
        var tops: [(x: Double, y: Double)] = []
        for (index, value) in values.enumerated() {
            let x = frame.x + step * (Double(index) + 0.5)
            let top = floor - reach * Double(value) / 100
            tops.append((x, top))
            if layout == .bars {
                page.fill(Box(x: x - step * 0.35, y: top, width: step * 0.7, height: floor - top), colours[index])
            } else if layout == .lollipops {
                page.line([(x, floor), (x, top)], colours[index], width: 2)
            }
        }
        if layout == .curve { page.line(tops, colours[0], width: 2) }
        for (index, point) in tops.enumerated() {
            if layout != .bars { page.circle(x: point.x, y: point.y, radius: 3, colours[layout == .curve ? 0 : index]) }
            page.text("\(values[index])", x: point.x, y: point.y - size * 0.45, size: size, anchor: .centre)
            page.text(labels[index], x: point.x, y: floor + size * 1.05, size: size, anchor: .centre)
        }
        return size
    }

    private static func drawAcross(
        _ page: Page, _ frame: Box, _ labels: [String], _ values: [Int], _ colours: [Colour], _ wanted: Double
    ) -> Double? {
        let step = frame.height / Double(labels.count)
        guard
            let size = page.size(
                min(wanted, step * 0.6), for: labels, width: frame.width * 0.4, height: frame.height, leading: 1)
        else { return nil }
        let start = frame.x + (labels.map { page.width(of: $0, size: size) }.max() ?? 0) + 6
        let reach = frame.maxX - start - page.width(of: "99", size: size) - 6
        guard reach > 25 else { return nil }
        page.line([(start, frame.y), (start, frame.maxY)], width: 1.5)
        for (index, value) in values.enumerated() {
            let middle = frame.y + step * (Double(index) + 0.5)
            let length = reach * Double(value) / 100
            page.fill(Box(x: start, y: middle - step * 0.3, width: length, height: step * 0.6), colours[index])
            page.text(labels[index], x: start - 4, y: middle + size * 0.36, size: size, anchor: .right)
            page.text("\(value)", x: start + length + 4, y: middle + size * 0.36, size: size)
        }
        return size
    }

    private static func drawRound(
        _ page: Page, _ frame: Box, _ labels: [String], _ texts: [String], _ values: [Int], _ colours: [Colour],
        _ wanted: Double, hole: Bool
    ) -> Double? {
        let radius = min(frame.width * 0.33, frame.height * 0.48)
        let legend = Box(
            x: frame.x + 2 * radius + 8, y: frame.y, width: frame.width - 2 * radius - 8, height: frame.height)
        guard
            let size = page.size(
                min(wanted, radius * 0.4), for: labels, width: legend.width - 16, height: legend.height, leading: 1.5)
        else { return nil }
        let (x, y) = (frame.x + radius, frame.midY)
        var angle = -Double.pi / 2
        for (index, value) in values.enumerated() {
            let end = angle + 2 * .pi * Double(value) / 100
            page.wedge(x: x, y: y, radius: radius, hole: hole ? radius * 0.42 : 0, from: angle, to: end, colours[index])
            let middle = (angle + end) / 2
            let (tx, ty) = (x + cos(middle) * radius * 0.7, y + sin(middle) * radius * 0.7)
            page.text(
                texts[index], x: tx, y: ty + size * 0.32, size: max(9, size * 0.9), anchor: .centre,
                colour: colours[index].legibleInk)
            angle = end
        }
        let top = frame.midY - size * 0.75 * Double(labels.count)
        for (index, label) in labels.enumerated() {
            let line = top + size * 1.5 * Double(index)
            page.fill(Box(x: legend.x, y: line + size * 0.2, width: 9, height: 9), colours[index])
            page.text(label, x: legend.x + 13, y: line + size, size: size)
        }
        return size
    }
}
