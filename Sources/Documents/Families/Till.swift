// Family `till`: shops' receipts as tills print them. Knows how a bill is laid out and what is asked of it.

enum Till {
    /// A line of the receipt: texts for the columns, or one text across.
    private enum Row {
        case centred(String, bold: Bool)
        case cells([String])
        /// A label and an amount at the right edge.
        case sum(String, String, bold: Bool)
        case rule
    }

    static func draw(_ scene: inout Scene) throws(DocumentsError) -> Draft? {
        let page = try scene.page()
        let frame = page.bounds.inset(6)
        // The smallest type is nine pixels; its letters are about six wide.
        let letters = Int(frame.width / 6)
        let others = [Layout.tillColumns: 14, .tillTimes: 18, .tillGrid: 14][scene.layout] ?? 9
        let perItem = scene.layout == .tillRoll ? 1.4 : 1
        let lines =
            Int(frame.height / 13 / perItem) - (scene.layout == .tillColumns || scene.layout == .tillGrid ? 1 : 0)
        let bill = Bill(lines: lines, letters: max(4, letters - others), level: scene.level, dice: &scene.dice)
        let rows = rows(of: bill, scene.layout, &scene.dice)
        guard lay(rows, on: page, frame, &scene) else { return nil }
        return draft(page, bill, &scene)
    }

    // MARK: Drawing

    private static func rows(of bill: Bill, _ layout: Layout, _ dice: inout Dice) -> [Row] {
        var rows: [Row] = [.centred(bill.shop, bold: dice.chance(0.5))]
        rows += bill.heading.map { .centred($0, bold: false) }
        let dated = dice.pick(["", "Date ", "Date: "])
        let dateIsLast = dice.chance(0.3)
        let date = bill.date.map { Row.centred(dated + $0, bold: false) }
        if let date, !dateIsLast { rows.append(date) }
        rows.append(.rule)
        let times = dice.pick(["x", "x", "@"])
        let amountIsBelow = dice.chance(0.5)
        switch layout {
        case .tillColumns:
            rows.append(.cells(dice.pick([["Item", "Qty", "Price", "Amount"], ["Article", "No", "Each", "Sum"]])))
        case .tillGrid: rows.append(.cells(["Qty", "Item", "Price", "Amount"]))
        default: break
        }
        for item in bill.items {
            let (unit, amount) = (bill.written(item.unit), bill.written(item.amount))
            switch layout {
            case .tillRoll where item.quantity == 1: rows.append(.cells([item.name, amount]))
            case .tillRoll:
                rows.append(.cells([item.name, amountIsBelow ? "" : amount]))
                rows.append(.cells(["\(item.quantity) \(times) \(unit)", amountIsBelow ? amount : ""]))
            case .tillTimes: rows.append(.cells([item.name, "\(item.quantity) \(times) \(unit)", amount]))
            case .tillColumns: rows.append(.cells([item.name, "\(item.quantity)", unit, amount]))
            case .tillGrid: rows.append(.cells(["\(item.quantity)", item.name, unit, amount]))
            default: rows.append(.cells(["\(item.quantity)", item.name, amount]))
            }
        }
        rows.append(.rule)
        let isBold = dice.chance(0.5)
        for sum in bill.sums {
            let isTotal = sum.name == "total"
            rows.append(
                .sum(sum.label, isTotal ? bill.writtenTotal() : bill.written(sum.amount), bold: isTotal && isBold))
        }
        if let date, dateIsLast { rows.append(date) }
        if let footer = bill.footer { rows.append(.centred(footer, bold: false)) }
        return rows
    }

    /// Whether the rows fit.
    private static func lay(_ rows: [Row], on page: Page, _ frame: Box, _ scene: inout Scene) -> Bool {
        var widths: [Double] = []
        var widest = 0.0
        var count = 0.0
        for row in rows {
            switch row {
            case .centred(let text, let bold):
                widest = max(widest, page.width(of: text, size: 100) * (bold ? 1.1 : 1))
                count += 1
            case .sum(let label, let amount, let bold):
                widest = max(widest, (page.width(of: label + "  " + amount, size: 100) + 60) * (bold ? 1.1 : 1))
                count += 1
            case .cells(let cells):
                if widths.isEmpty { widths = cells.map { _ in 0 } }
                for (column, text) in cells.enumerated() {
                    widths[column] = max(widths[column], page.width(of: text, size: 100))
                }
                count += 1
            case .rule: count += 0.4
            }
        }
        let gap = 80.0
        let natural = max(widest, widths.reduce(0, +) + gap * Double(widths.count - 1)) / 100
        let size = min(scene.textSize(), (frame.width - 8) / natural, frame.height / count / 1.25)
        guard size >= 9 else { return false }
        let rowHeight = min(frame.height / count, size * scene.dice.real(1.25...1.7))
        let width = min(frame.width, natural * size + 8 + scene.dice.real(0...0.8) * (frame.width - natural * size - 8))
        let left = frame.x + scene.dice.real(0...1) * (frame.width - width)
        let inner = Box(x: left + 4, y: frame.y, width: width - 8, height: frame.height)
        let spare = (inner.width - widths.reduce(0, +) * size / 100) / Double(max(1, widths.count - 1))
        // Right edges of the columns.
        var edges: [Double] = []
        for width in widths { edges.append((edges.last.map { $0 + spare } ?? inner.x) + width * size / 100) }
        let nameColumn = scene.layout == .tillCounts || scene.layout == .tillGrid ? 1 : 0
        let isDashed = scene.dice.chance(0.5)
        let sumStart = scene.dice.chance(0.3)
        let isGrid = scene.layout == .tillGrid
        var y = frame.y + scene.dice.real(0...1) * (frame.height - rowHeight * count)
        for row in rows {
            let baseline = y + rowHeight / 2 + size * 0.36
            switch row {
            case .rule:
                let middle = y + rowHeight * 0.2
                if !isGrid { page.line([(inner.x, middle), (inner.maxX, middle)], dashed: isDashed) }
                y += rowHeight * 0.4
                continue
            case .centred(let text, let bold):
                page.text(text, x: inner.midX, y: baseline, size: size, anchor: .centre, bold: bold)
            case .sum(let label, let amount, let bold):
                let start =
                    inner.maxX - page.width(of: label + "  " + amount, size: size) * (bold ? 1.1 : 1) - size * 0.6
                page.text(label, x: sumStart ? max(inner.x, start) : inner.x, y: baseline, size: size, bold: bold)
                page.text(amount, x: inner.maxX, y: baseline, size: size, anchor: .right, bold: bold)
            case .cells(let cells):
                if isGrid { page.stroke(Box(x: left, y: y, width: width, height: rowHeight), line: 0.75) }
                for (column, text) in cells.enumerated() where !text.isEmpty {
                    if column <= nameColumn {
                        page.text(text, x: edges[column] - widths[column] * size / 100, y: baseline, size: size)
                    } else {
                        page.text(text, x: edges[column], y: baseline, size: size, anchor: .right)
                    }
                }
            }
            y += rowHeight
        }
        return true
    }

    // MARK: Questions

    private static func draft(_ page: Page, _ bill: Bill, _ scene: inout Scene) -> Draft {
        let (items, amounts) = (bill.items, bill.items.map(\.amount))
        let totalAnswer = Words.money(bill.total)
        func total(_ dice: inout Dice) -> Exchange {
            Exchange(
                dice.pick([
                    "What is the total?", "How much is the total?", "What is the total price?",
                    "What is the total amount?",
                ]), totalAnswer)
        }
        let writesUnits = scene.layout != .tillCounts
        func about(_ item: Bill.Item, _ dice: inout Dice) -> [Exchange] {
            let amount = Words.money(item.amount)
            guard item.quantity > 1 else {
                return [
                    Exchange(
                        dice.pick(["What is the price of \(item.name)?", "How much is the \(item.name)?"]), amount)
                ]
            }
            let unit = Exchange(
                dice.pick(["What is the price of one \(item.name)?", "How much does each \(item.name) cost?"]),
                Words.money(item.unit))
            return [
                Exchange(
                    dice.pick(["What is the amount for \(item.name)?", "How much is the \(item.name) in all?"]), amount
                ),
                Exchange(
                    dice.pick(["What is the count of \(item.name)?", "How many \(item.name) were bought?"]),
                    "\(item.quantity)"),
            ] + (writesUnits ? [unit] : [])
        }
        let sums = bill.sums.compactMap { sum -> Exchange? in
            let amount = Words.money(sum.amount)
            return switch sum.name {
            case "subtotal": Exchange("What is the subtotal?", amount)
            case "tax": Exchange("How much is the tax?", amount)
            case "cash": Exchange("How much cash was paid?", amount)
            case "change": Exchange("How much is the change?", amount)
            default: nil
            }
        }
        var facts = [Exchange("What is the name of the shop?", bill.shop)]
        if let date = bill.date { facts.append(Exchange("What is the date?", date)) }
        // The dearest line; asked where the dearest single thing is the same, and the only one.
        let dearest = amounts.firstIndex(of: amounts.max() ?? 0) ?? 0
        let isClear =
            amounts.count { $0 == amounts[dearest] } == 1
            && items.allSatisfy { $0.name == items[dearest].name || $0.unit < items[dearest].unit }
        let most = Exchange("Which item costs the most?", items[dearest].name)

        let item = scene.dice.pick(items)
        let (kind, asked): (String, Exchange) =
            switch scene.dice.int(0...9) {
            case 5...7: ("cell", scene.dice.pick(about(item, &scene.dice)))
            case 8 where isClear: ("argmax", most)
            case 9: ("fact", scene.dice.pick(facts + sums))
            default: ("total", total(&scene.dice))
            }
        var dice = scene.furtherDice
        let further = [total(&dice)] + items.flatMap { about($0, &dice) } + sums + facts + (isClear ? [most] : [])
        var lessons = scene.lessonDice
        // Where quantities stand, "price" would not say whose.
        let parts =
            items.allSatisfy { $0.quantity == 1 }
            ? Receipt.comparisons(items.map(\.name), amounts, &lessons)
            : [Exchange("How many items are listed?", "\(items.count)")]
        let leading = [
            Exchange.list("List every item with its amount.", items.map { "\($0.name) \(Words.money($0.amount))" }),
            Exchange.list("List the amounts from top to bottom.", amounts.map(Words.money)),
            Exchange.list("List the items from top to bottom.", items.map(\.name)),
        ]
        let isTotal = kind == "total" && bill.writtenTotal() != totalAnswer
        return Draft(
            pages: [page], kind: kind, question: asked.question,
            answers: [asked.answer] + (isTotal ? [bill.writtenTotal()] : []),
            figures: items.map { Figure(label: $0.name, text: bill.written($0.amount), value: $0.amount) },
            further: further, lessons: Lessons(leading: leading, parts: parts))
    }
}
