// What a shop's receipt says: heading, items with quantities, tax, total, payment. Knows no page.

struct Bill {
    struct Item {
        let name: String
        let quantity: Int
        /// Hundredths.
        let unit: Int

        var amount: Int { quantity * unit }
    }

    /// A line under the items.
    struct Sum {
        let name: String
        let label: String
        /// Hundredths.
        let amount: Int
    }

    /// Where the currency stands.
    enum Sign {
        case none
        /// A sign before the total, or before every amount.
        case beforeTotal(String), beforeAll(String)
        /// Letters after the total.
        case after(String)
    }

    private(set) var shop: String
    /// Centred lines under the shop's name.
    private(set) var heading: [String] = []
    private(set) var date: String?
    private(set) var items: [Item]
    /// In order from top to bottom; one is named "total".
    private(set) var sums: [Sum] = []
    private(set) var sign: Sign
    private(set) var footer: String?

    var total: Int { sums.first { $0.name == "total" }?.amount ?? 0 }

    /// An amount of an item or of a sum that is not the total.
    func written(_ amount: Int) -> String {
        if case .beforeAll(let sign) = sign { return sign + Words.money(amount) }
        return Words.money(amount)
    }

    func writtenTotal() -> String {
        switch sign {
        case .none: Words.money(total)
        case .beforeTotal(let sign), .beforeAll(let sign): sign + Words.money(total)
        case .after(let letters): "\(Words.money(total)) \(letters)"
        }
    }

    /// - Parameters:
    ///   - lines: lines of text that the page has room for.
    ///   - letters: letters that a name can have.
    init(lines: Int, letters: Int, level: Int, dice: inout Dice) {
        let name = { (dice: inout Dice) -> String in
            dice.chance(0.25)
                ? Words.invented(&dice).capitalisedFirst : dice.pick(Words.names + Words.cities)
        }
        shop = "\(name(&dice)) \(dice.pick(Words.trades))"
        if dice.chance(0.3) { shop = shop.uppercased() }
        sign =
            switch dice.int(0...6) {
            case 0...1: .none
            case 2: .beforeTotal(dice.pick(Words.currencySigns))
            case 3...4: .beforeAll(dice.pick(Words.currencySigns))
            default: .after(dice.pick(["EUR", "GBP", "USD", "CHF"]))
            }
        // Heading and total are always there.
        var room = lines - 2
        let most = max(2, min(room, 3 + 2 * level, 10))
        let count = dice.int(2...most)
        room -= count
        let isCapital = dice.chance(0.5)
        var names: [String] = []
        while names.count < count {
            let name = Words.goods(&dice, letters: letters)
            if !names.contains(name) { names.append(name) }
        }
        let dear = dice.chance(0.3)
        items = names.map { name in
            let quantity = dice.chance(0.4) ? dice.int(2...(dice.chance(0.8) ? 5 : 20)) : 1
            return Item(
                name: isCapital ? name.capitalisedFirst : name, quantity: quantity,
                unit: dice.int(dear ? 200...6000 : 45...1999))
        }
        func takes(_ probability: Double, _ dice: inout Dice) -> Bool {
            guard dice.chance(probability), room > 0 else { return false }
            room -= 1
            return true
        }
        if takes(0.6, &dice) {
            heading.append(
                dice.chance(0.5)
                    ? "\(dice.int(1...199)) \(name(&dice)) \(dice.pick(["Street", "Road", "Lane", "Square"]))"
                    : "Tel " + Words.number(&dice, digits: 4) + " " + Words.number(&dice, digits: 4))
        }
        if takes(0.5, &dice) { date = Self.date(&dice) }
        let sum = items.reduce(0) { $0 + $1.amount }
        let rate = dice.pick([5, 7, 8, 10, 19, 20, 21, 25])
        let taxLabel = dice.pick(["VAT \(rate)%", "VAT", "Tax", "Tax \(rate)%", "incl. VAT", "MwSt \(rate)%"])
        let addsTax = dice.chance(0.5) && !taxLabel.hasPrefix("incl")
        let tax = addsTax ? sum * rate / 100 : sum * rate / (100 + rate)
        let takesTax = tax > 0 && takes(0.5, &dice)
        if (takesTax && addsTax) || dice.chance(0.3), takes(1, &dice) {
            sums.append(
                Sum(name: "subtotal", label: dice.pick(["Subtotal", "SUBTOTAL", "Sub-total", "Net"]), amount: sum))
        }
        let taxLine = Sum(name: "tax", label: taxLabel, amount: tax)
        if takesTax && addsTax { sums.append(taxLine) }
        let owed = takesTax && addsTax ? sum + tax : sum
        let label = dice.pick(["TOTAL", "Total", "TOTAL", "Total due", "Amount due", "Balance due", "To pay", "SUM"])
        sums.append(Sum(name: "total", label: label, amount: owed))
        if takesTax && !addsTax { sums.append(taxLine) }
        if room >= 2, dice.chance(0.4) {
            room -= 2
            let given = (owed / 500 + dice.int(1...4)) * 500
            sums.append(Sum(name: "cash", label: dice.pick(["CASH", "Cash", "Paid cash"]), amount: given))
            sums.append(
                Sum(name: "change", label: dice.pick(["CHANGE", "Change", "Change due"]), amount: given - owed))
        } else if takes(0.25, &dice) {
            sums.append(Sum(name: "card", label: dice.pick(["CARD", "Visa", "Card payment"]), amount: owed))
        }
        if takes(0.4, &dice) { footer = dice.pick(["Thank you!", "Please come again", "Goodbye", "Have a nice day"]) }
    }

    private static func date(_ dice: inout Dice) -> String {
        let (day, month, year) = (dice.int(1...28), dice.int(1...12), dice.int(2015...2029))
        let two = { (value: Int) in value < 10 ? "0\(value)" : "\(value)" }
        switch dice.int(0...3) {
        case 0: return "\(two(day))/\(two(month))/\(year)"
        case 1: return "\(two(day)).\(two(month)).\(year)"
        case 2: return "\(day) \(Words.months[month - 1]) \(year)"
        default: return "\(year)-\(two(month))-\(two(day))"
        }
    }
}
