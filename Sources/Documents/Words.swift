// Words, names and codes that documents are made of. Knows nothing of pages.

enum Words {
    static let things = [
        "milk", "bread", "eggs", "tea", "coffee", "sugar", "rice", "soup", "apple", "pear", "lamp", "desk", "chair",
        "paper", "ink", "pen", "book", "glass", "cable", "salt", "cake", "fish", "corn", "beans", "juice", "water",
        "soap",
        "brush", "towel", "rope", "nails", "paint", "candle", "basket", "mirror", "pillow", "honey", "cheese", "butter",
    ]
    static let names = [
        "Ada", "Alan", "Grace", "Linus", "Edsger", "Barbara", "Donald", "Ken", "Dennis", "Margaret", "Tim", "Radia",
        "Frances", "John", "Mary", "Anna", "Peter", "Sofia", "Omar", "Wei", "Yuki", "Ravi", "Lena", "Igor", "Nadia",
        "Hugo",
    ]
    static let cities = [
        "Paris", "Oslo", "Rome", "Lima", "Cairo", "Delhi", "Tokyo", "Berlin", "Quito", "Accra", "Seoul", "Hanoi",
        "Madrid",
        "Dublin", "Prague", "Athens",
    ]
    static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    static let actions = [
        "Save", "Open", "Close", "Cancel", "Send", "Print", "Delete", "Copy", "Share", "Retry", "Apply", "Help",
    ]
    static let settings = [
        "Sound", "Wifi", "Camera", "Privacy", "Display", "Battery", "Storage", "Language", "Network", "Updates",
        "Keyboard",
    ]

    static let trades = [
        "Books", "Market", "Bakery", "Foods", "Store", "Cafe", "Garden", "Tools", "Shop", "Pharmacy", "Music", "Paper",
        "Kitchen", "Sports", "Hardware", "Grocery", "Deli", "Toys",
    ]
    static let currencySigns = ["\u{A3}", "$", "\u{20AC}"]
    /// What shops sell beside `things`, of one word.
    private static let wares = [
        "atlas", "novel", "poems", "essays", "diary", "map", "comic", "cookbook", "dictionary", "notebook", "pencil",
        "eraser", "ruler", "stapler", "folder", "envelope", "stamp", "hammer", "pliers", "screws", "drill", "saw",
        "battery", "bulb", "plug", "socket", "charger", "phone", "radio", "camera", "watch", "ring", "shirt", "socks",
        "scarf", "gloves", "jacket", "boots", "hat", "belt", "ball", "racket", "tent", "kayak", "bicycle", "helmet",
        "banana", "grapes", "lemon", "onion", "carrot", "potato", "tomato", "garlic", "pepper", "olives", "pasta",
        "noodles", "yogurt", "cream", "ham", "bacon", "sausage", "chicken", "shrimp", "cookie", "muffin", "bagel",
        "waffle", "espresso", "latte", "lemonade", "cider", "wine", "beer", "shampoo", "razor", "sponge", "bucket",
        "mop", "plate", "bowl", "spoon", "fork", "knife", "kettle", "teapot", "vase", "rug", "clock", "puzzle",
    ]
    private static let qualities = [
        "blue", "red", "green", "white", "black", "small", "large", "old", "new", "fresh", "dark", "short", "long",
        "modern", "collected", "spare", "wooden", "little", "sweet", "daily", "first", "garden", "kitchen", "travel",
    ]

    /// A word that is none, of two or three syllables.
    static func invented(_ dice: inout Dice) -> String {
        (0..<dice.int(2...3)).map { _ in
            String(dice.pick(Array("bcdfghklmnprstvwz")))
                + dice.pick(["a", "e", "i", "o", "u", "an", "er", "in", "ol"])
        }.joined()
    }

    /// Something that is sold, in one to three words of at most `letters` letters, which are at least four.
    static func goods(_ dice: inout Dice, letters: Int) -> String {
        for _ in 0..<8 {
            let noun = dice.chance(0.2) ? invented(&dice) : dice.pick(dice.chance(0.5) ? things : wares)
            let name =
                switch dice.int(0...9) {
                case 0...4: noun
                case 5...7: "\(dice.pick(qualities)) \(noun)"
                case 8: "\(noun) \(dice.int(2...900))\(dice.pick(["g", "ml", "cm"]))"
                default: "\(dice.pick(qualities)) \(noun) and \(dice.pick(things))"
                }
            if name.count <= letters { return name }
        }
        return dice.pick(things.filter { $0.count <= 4 })
    }

    /// Upper-case letters and digits that no font confuses: no O, 0, I, 1.
    static func code(_ dice: inout Dice, _ length: ClosedRange<Int>) -> String {
        let alphabet = Array("ABCDEFGHJKLMNPQRSTUVWXYZ23456789")
        return String((0..<dice.int(length)).map { _ in dice.pick(alphabet) })
    }

    static func number(_ dice: inout Dice, digits: Int) -> String {
        String((0..<digits).map { $0 == 0 ? dice.pick(Array("123456789")) : dice.pick(Array("0123456789")) })
    }

    /// A word, a number or a code.
    static func token(_ dice: inout Dice, level: Int) -> String {
        switch dice.int(0...9) {
        case 0...3: return dice.pick(things)
        case 4...5: return dice.pick(names + cities)
        case 6...7: return number(&dice, digits: dice.int(1...3 + level))
        default: return code(&dice, 2...4 + level)
        }
    }

    static func date(_ dice: inout Dice) -> String {
        let (month, day) = (dice.int(1...12), dice.int(1...28))
        return "\(dice.int(2015...2029))-\(month < 10 ? "0" : "")\(month)-\(day < 10 ? "0" : "")\(day)"
    }

    /// An amount given in hundredths.
    static func money(_ hundredths: Int) -> String {
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }
}

extension String {
    var capitalisedFirst: String { prefix(1).uppercased() + dropFirst() }
}
