// What a family is given to draw with, and what it hands back. Knows no family.

/// A number or word shown under a label: the data behind a chart, table or form, in the order of drawing.
package struct Figure: Sendable, Equatable {
    package let label: String
    /// As drawn.
    package let text: String
    /// Hundredths for money, units otherwise, 0 where the figure is not a number.
    package let value: Int
}

/// A question and its one answer.
package struct Exchange: Sendable, Equatable {
    package let question: String
    package let answer: String

    init(_ question: String, _ answer: String) {
        self.question = question
        self.answer = answer
    }
}

/// A finished drawing with its question. Nil results of a family mean that it did not fit; another attempt is made.
struct Draft {
    var pages: [Page]
    var kind: String
    var question: String
    /// The canonical answer first.
    var answers: [String]
    var figures: [Figure] = []
    /// What else the drawing answers; may repeat `question`.
    var further: [Exchange] = []
    /// What training asks besides.
    var lessons = Lessons()
}

/// Questions that teach how the parts of a drawing belong together. No split is measured by them.
struct Lessons {
    /// One of these is asked before all others: long answers that go through the whole drawing, the best one first.
    var leading: [Exchange] = []
    /// About single parts: what lies beside, below, in the same column.
    var parts: [Exchange] = []
}

extension Exchange {
    /// All of `items`, in order.
    static func list(_ question: String, _ items: [String]) -> Exchange {
        Exchange(question, items.joined(separator: ", "))
    }
}

struct Scene {
    var dice: Dice
    let level: Int
    let layout: Layout
    /// Pixels of each page.
    let width: Int
    let height: Int
    let tiles: Int
    let tileSize: Int
    let look: Look

    /// Dice for further questions, whose number does not change the drawing.
    var furtherDice: Dice { dice.split(0x66757274) }
    /// Dice for lessons, whose number changes neither the drawing nor the further questions.
    var lessonDice: Dice { dice.split(0x6C657373) }

    /// A new blank page in the scene's look.
    func page() throws(DocumentsError) -> Page { try Page(width: width, height: height, look: look) }

    /// Pixels per em to ask for: smaller at higher levels, larger on larger pages.
    mutating func textSize() -> Double {
        let low = [20.0, 15, 12, 10, 9][level]
        let high = [32.0, 26, 22, 19, 18][level]
        let room = dice.real(1...max(1, 0.75 * Double(tiles).squareRoot()))
        return dice.real(low...high) * room
    }

    /// `question` with lettered options; the answer is the letter of the first of `options`, which are shuffled.
    mutating func multipleChoice(_ question: String, _ options: [String]) -> (question: String, answer: String) {
        Self.multipleChoice(question, options, &dice)
    }

    static func multipleChoice(
        _ question: String, _ options: [String], _ dice: inout Dice
    ) -> (question: String, answer: String) {
        let letters = ["A", "B", "C", "D", "E", "F"]
        let shuffled = dice.sample(options, min(options.count, letters.count))
        let lines = zip(letters, shuffled).map { "\($0). \($1)" }.joined(separator: "\n")
        let position = shuffled.firstIndex(of: options[0]) ?? 0
        return ("\(question)\n\(lines)\nAnswer with the letter.", letters[position])
    }
}
