// Tests of what training asks besides: answers against the drawn data, the share of leading questions, other splits untouched.

import Documents
import Foundation
import Testing

struct LessonTests {
    private func samples(_ family: Family, split: Split = .train, count: UInt64 = 80) throws -> [Sample] {
        try (0...4).flatMap { level in
            let generator = try DocumentGenerator(seed: 21, split: split, level: level)
            return try (0..<count).map { try generator.sample(at: $0, family: family) }
        }
    }

    /// What stands in `question` between `start` and `end`.
    private func inner(_ question: String, _ start: String, _ end: String = "?") -> String? {
        guard question.hasPrefix(start), question.hasSuffix(end) else { return nil }
        return String(question.dropFirst(start.count).dropLast(end.count))
    }

    @Test func chartsAreReadAsDrawn() throws {
        var seen: [String: Int] = [:]
        for sample in try samples(.chart) {
            let (labels, texts) = (sample.figures.map(\.label), sample.figures.map(\.text))
            for exchange in sample.further {
                let (question, answer) = (exchange.question, exchange.answer)
                func check(_ kind: String, _ expected: String?) {
                    seen[kind, default: 0] += 1
                    #expect(answer == expected, "\(question)")
                }
                if question == "List every label with its value." {
                    check("list", zip(labels, texts).map { "\($0) \($1)" }.joined(separator: ", "))
                } else if question == "List the values from left to right." {
                    // By where they are drawn, not by the order in which they were drawn.
                    let drawn = sample.texts[0].filter { texts.contains($0.string) }.sorted { $0.box.x < $1.box.x }
                    check("left to right", drawn.map(\.string).joined(separator: ", "))
                } else if let text = inner(question, "Which label has the value ")
                    ?? inner(question, "Which label belongs to ")
                {
                    check("inverse", texts.firstIndex(of: text).map { labels[$0] })
                } else if let label = inner(question, "What is the label right of ") {
                    check("right", labels.firstIndex(of: label).map { labels[$0 + 1] })
                } else if let label = inner(question, "What is the label left of ") {
                    check("left", labels.firstIndex(of: label).map { labels[$0 - 1] })
                } else if let text = inner(question, "What is the value right of ") {
                    check("value right", texts.firstIndex(of: text).map { texts[$0 + 1] })
                } else if question == "What is the value of the second from the left?" {
                    check("second", texts[1])
                } else if question == "What is the highest value?" {
                    check("highest", sample.figures.max { $0.value < $1.value }?.text)
                } else if let label = inner(question, "What is the value of "), labels.contains(label) {
                    check("value", labels.firstIndex(of: label).map { texts[$0] })
                }
            }
        }
        #expect(seen.count == 9 && seen.values.allSatisfy { $0 >= 20 }, "\(seen)")
    }

    @Test func receiptsAreComparedRightly() throws {
        var seen: [String: Int] = [:]
        for sample in try samples(.receipt) {
            let figures = sample.figures
            for exchange in sample.further {
                let (question, answer) = (exchange.question, exchange.answer)
                let named = figures.first { $0.label == answer }
                if question == "List every item with its price." {
                    seen["list", default: 0] += 1
                    #expect(answer == figures.map { "\($0.label) \($0.text)" }.joined(separator: ", "))
                } else if let price = inner(question, "Which item costs "), price.contains(".") {
                    seen["inverse", default: 0] += 1
                    #expect(figures.filter { $0.text == price }.map(\.label) == [answer])
                } else if question == "Which item has the lowest price?" {
                    seen["lowest", default: 0] += 1
                    #expect(figures.filter { $0.value <= named?.value ?? 0 }.map(\.label) == [answer])
                } else if let pair = inner(question, "Which costs more, ") {
                    seen["pair", default: 0] += 1
                    let other = pair.components(separatedBy: " or ").first { $0 != answer }
                    #expect(try #require(named).value > (figures.first { $0.label == other }?.value ?? .max))
                }
            }
        }
        #expect(seen.count == 4 && seen.values.allSatisfy { $0 >= 20 }, "\(seen)")
    }

    /// Amounts of a till's receipt add up, as asked and as drawn.
    @Test(arguments: Split.allCases) func tillsAddUp(_ split: Split) throws {
        func hundredths(_ text: String) -> Int? { Int(text.filter { $0 != "." }) }
        var (taxes, signs) = (0, 0)
        for sample in try samples(.till, split: split, count: 60) {
            let drawn = sample.texts[0].map(\.string)
            #expect(sample.figures.allSatisfy { drawn.contains($0.text) && drawn.contains($0.label) })
            #expect(Set(sample.figures.map(\.label)).count == sample.figures.count)
            var asked = Dictionary(sample.further.map { ($0.question, $0.answer) }) { first, _ in first }
            asked[sample.question] = sample.answer
            let totals = asked.filter { $0.key.contains(" total") && !$0.key.contains("subtotal") }
            let total = try #require(totals.first?.value)
            #expect(Set(totals.values).count == 1)
            #expect(drawn.contains { $0.contains(total) })
            let sum = sample.figures.reduce(0) { $0 + $1.value }
            if let subtotal = asked["What is the subtotal?"] { #expect(hundredths(subtotal) == sum) }
            // Tax is added, or contained in the sum.
            let tax = asked["How much is the tax?"].flatMap(hundredths) ?? 0
            #expect([sum, sum + tax].contains(hundredths(total)))
            taxes += tax > 0 ? 1 : 0
            if let cash = asked["How much cash was paid?"], let change = asked["How much is the change?"] {
                #expect(hundredths(cash) == (hundredths(total) ?? 0) + (hundredths(change) ?? 0))
            }
            #expect(sample.answers.allSatisfy { answer in drawn.contains { $0.contains(answer) } })
            signs += sample.answers.count > 1 ? 1 : 0
        }
        #expect(taxes >= 20 && signs >= 20)
    }

    @Test func leadingQuestionsComeFirstInTrainingAlone() throws {
        for family in [Family.chart, .receipt, .till, .diagram, .video] {
            func isLeading(_ sample: Sample) -> Bool {
                let question = sample.further.first?.question ?? ""
                return ["List ", "Read the boxes", "Which way does"].contains { question.hasPrefix($0) }
            }
            let training = try samples(family, count: 40)
            #expect(training.count { isLeading($0) } > training.count * 6 / 10, "\(family)")
            #expect(
                try samples(family, count: 10).map(\.further)
                    == training.enumerated().filter { $0.offset % 40 < 10 }.map(\.element.further))
            for sample in try samples(family, split: .validation, count: 10) {
                #expect(!sample.further.contains { $0.question.hasPrefix("List ") })
            }
        }
    }

    /// Named families leave what is drawn without a name as it was.
    @Test func unnamedSamplesAreOfStandardFamilies() throws {
        let generator = try DocumentGenerator(seed: 4, split: .train, level: 0)
        let families = try (0..<200 as Range<UInt64>).map { try generator.sample(at: $0).family }
        #expect(Set(families) == Set(Family.standard))
    }
}
