import Engine
import Testing

struct StopMatcherTests {
    private func run(_ stops: [String], _ pieces: [String]) -> (text: String, stopped: Bool) {
        var matcher = StopMatcher(stops)
        let text = pieces.map { matcher.push($0) }.joined() + matcher.finish()
        return (text, matcher.isStopped)
    }

    @Test func withoutStopsTextPassesAtOnce() {
        var matcher = StopMatcher([])
        #expect(matcher.push("abc") == "abc")
        #expect(matcher.finish() == "")
    }

    @Test func aStopStringEndsTheTextBeforeIt() {
        #expect(run(["END"], ["hello EN", "D world"]) == ("hello ", true))
        #expect(run(["x", "lo"], ["hello"]) == ("hel", true))
        #expect(run(["\n\n"], ["a\n", "b\n", "\nc"]) == ("a\nb", true))
    }

    @Test func whatOnlyLookedLikeAStopIsReleased() {
        #expect(run(["END"], ["hello E", "N", "ough"]) == ("hello ENough", false))
        #expect(run(["END"], ["hello EN"]) == ("hello EN", false))
        #expect(run(["aab"], ["aaa", "ab", "x"]) == ("aa", true))
    }

    @Test func everySplitGivesTheSameText() {
        let text = "Gr\u{fc}\u{df}e, \u{1F600} STOP und mehr"
        let scalars = Array(text.unicodeScalars)
        for cut in 0...scalars.count {
            let pieces = [scalars[..<cut], scalars[cut...]].map { part in
                var view = String.UnicodeScalarView()
                view.append(contentsOf: part)
                return String(view)
            }
            #expect(run(["STOP"], pieces) == ("Gr\u{fc}\u{df}e, \u{1F600} ", true), "cut at \(cut)")
        }
    }
}
