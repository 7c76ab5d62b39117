// Family `receipt`: items with prices and a total; tables with a quantity as well.

enum Receipt {
    static func draw(_ scene: inout Scene) throws(DocumentsError) -> Draft? {
        let page = try scene.page()
        let most = max(2, min(9, scene.height / 24 - 2))
        let count = scene.dice.int(2...max(2, min(most, 2 + scene.level * 2)))
        let items = scene.dice.sample(Words.things, count)
        let prices = items.map { _ in scene.dice.int(50...(scene.level <= 1 ? 999 : 4999)) }
        let withCounts = scene.layout != .receiptRoll && (scene.width > scene.tileSize || scene.level >= 2)
        let counts = items.map { _ in scene.dice.int(1...99) }
        let totalPrice = prices.reduce(0, +)
        let isTable = scene.layout != .receiptRoll
        var rows = zip(items, zip(counts, prices)).map { [$0] + (withCounts ? ["\($1.0)"] : []) + [Words.money($1.1)] }
        let totalLabel = scene.dice.pick(["total", "Total", "TOTAL"])
        rows.append([totalLabel] + (withCounts ? [""] : []) + [Words.money(totalPrice)])
        if isTable { rows.insert(["item"] + (withCounts ? ["count"] : []) + ["price"], at: 0) }

        let frame = page.bounds.inset(6)
        let columns = rows[0].count
        let widths = (0..<columns).map { column in
            rows.map { page.width(of: $0[column], size: 100) }.max() ?? 0
        }
        let gaps = Double(columns) * 8 + 4
        let wanted = min(scene.textSize(), frame.height / Double(rows.count) / 1.4)
        let size = min(wanted, (frame.width - gaps) * 100 / widths.reduce(0, +))
        guard size >= 9 else { return nil }
        let rowHeight = min(frame.height / Double(rows.count), size * 1.8)
        let natural = widths.reduce(0, +) * size / 100 + gaps
        let table = Box(
            x: frame.x, y: frame.y, width: natural + scene.dice.real(0...0.7) * (frame.width - natural),
            height: rowHeight * Double(rows.count))
        var edges = [table.x + widths[0] * size / 100 + 8]
        for column in 1..<columns - 1 { edges.append(edges[column - 1] + widths[column] * size / 100 + 8) }
        let spare = (table.width - natural) / Double(columns)
        edges = edges.enumerated().map { $1 + spare * Double($0 + 1) } + [table.maxX]

        let faint = scene.look.palette.ink.mixed(with: scene.look.palette.paper, 0.8)
        for (index, row) in rows.enumerated() {
            let line = Box(x: table.x, y: table.y + rowHeight * Double(index), width: table.width, height: rowHeight)
            switch scene.layout {
            case .gridTable: page.stroke(line)
            case .stripedTable: if index % 2 == 0 { page.fill(line, faint) }
            case .ruledTable where index == 0 || index == rows.count - 2:
                page.line([(line.x, line.maxY), (line.maxX, line.maxY)])
            case .receiptRoll where index == rows.count - 1:
                page.line([(line.x, line.y + 1), (line.maxX, line.y + 1)], dashed: true)
            default: break
            }
            let baseline = line.midY + size * 0.36
            page.text(row[0], x: table.x + 4, y: baseline, size: size)
            for column in 1..<columns where !row[column].isEmpty {
                page.text(row[column], x: edges[column] - 4, y: baseline, size: size, anchor: .right)
            }
        }
        if scene.layout == .gridTable {
            for edge in edges.dropLast() { page.line([(edge, table.y), (edge, table.maxY)]) }
        }

        let index = scene.dice.int(0...count - 1)
        let figures = zip(items, prices).map { Figure(label: $0, text: Words.money($1), value: $1) }
        func total(_ dice: inout Dice) -> Exchange {
            Exchange(
                dice.pick(["What is the total?", "How much is the total?", "What is the total price?"]),
                Words.money(totalPrice))
        }
        func quantity(_ index: Int, _ dice: inout Dice) -> Exchange {
            let item = items[index]
            return Exchange(
                dice.pick(["What is the count of \(item)?", "Which count is given for \(item)?"]), "\(counts[index])")
        }
        func price(_ index: Int, _ dice: inout Dice) -> Exchange {
            let item = items[index]
            return Exchange(
                dice.pick(["What is the price of \(item)?", "How much is the \(item)?"]), Words.money(prices[index]))
        }
        let dearest = prices.firstIndex(of: prices.max() ?? 0) ?? 0
        func dearestItem(_ dice: inout Dice) -> Exchange {
            Exchange(dice.pick(["Which item has the highest price?", "Which item costs the most?"]), items[dearest])
        }
        let isUnique = prices.count { $0 == prices[dearest] } == 1
        let (kind, asked) =
            switch scene.dice.int(0...9) {
            case 0...3: ("total", total(&scene.dice))
            case 4...5 where withCounts: ("cell", quantity(index, &scene.dice))
            case 6 where isUnique && scene.level >= 1: ("argmax", dearestItem(&scene.dice))
            default: ("cell", price(index, &scene.dice))
            }
        var dice = scene.furtherDice
        var further = [total(&dice)] + items.indices.map { price($0, &dice) }
        if withCounts { further += items.indices.map { quantity($0, &dice) } }
        if isUnique { further.append(dearestItem(&dice)) }
        return Draft(
            pages: [page], kind: kind, question: asked.question, answers: [asked.answer], figures: figures,
            further: further, lessons: lessons(items, prices, withCounts ? counts : [], scene.lessonDice))
    }

    /// Items and prices told by one another, compared, and in order.
    private static func lessons(_ items: [String], _ prices: [Int], _ counts: [Int], _ start: Dice) -> Lessons {
        var dice = start
        let money = prices.map(Words.money)
        var leading = [
            Exchange.list("List every item with its price.", zip(items, money).map { "\($0) \($1)" }),
            Exchange.list("List the prices from top to bottom.", money),
            Exchange.list("List the items from top to bottom.", items),
        ]
        if !counts.isEmpty {
            leading.append(.list("List every item with its count.", zip(items, counts).map { "\($0) \($1)" }))
        }
        return Lessons(leading: leading, parts: comparisons(items, prices, &dice))
    }

    /// What follows from different amounts of named items; nothing that equal amounts would make doubtful.
    static func comparisons(_ items: [String], _ prices: [Int], _ dice: inout Dice) -> [Exchange] {
        var parts = [
            Exchange("What is the highest price?", Words.money(prices.max() ?? 0)),
            Exchange("What is the lowest price?", Words.money(prices.min() ?? 0)),
            Exchange("How many items are listed?", "\(items.count)"),
            Exchange("What is the first item?", items[0]), Exchange("What is the last item?", items[items.count - 1]),
        ]
        func isUnique(_ price: Int) -> Bool { prices.count { $0 == price } == 1 }
        for (item, price) in zip(items, prices) where isUnique(price) {
            if price == prices.max() {
                parts += [
                    Exchange("Which item has the highest price?", item), Exchange("Which item costs the most?", item),
                ]
            }
            if price == prices.min() { parts.append(Exchange("Which item has the lowest price?", item)) }
            parts.append(Exchange("Which item costs \(Words.money(price))?", item))
        }
        for above in dice.sample(Array(0..<items.count - 1), 2) {
            let below = above + 1
            parts.append(Exchange("Which item is below \(items[above])?", items[below]))
            if prices[above] != prices[below] {
                let pair = dice.sample([above, below], 2)
                parts.append(
                    Exchange(
                        "Which costs more, \(items[pair[0]]) or \(items[pair[1]])?",
                        items[prices[above] > prices[below] ? above : below]))
            }
        }
        return parts
    }
}
