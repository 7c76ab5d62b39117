import Numerics
import Testing

struct SplitMixTests {
    /// First outputs for seed 1234567 of the reference implementation (Vigna, splitmix64.c).
    @Test func equalsItsReference() {
        var random = SplitMix64(seed: 1_234_567)
        let first = (0..<3).map { _ in random.next() }
        #expect(first == [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423])
    }

    /// Any place of the sequence can be had at once.
    @Test func aDrawIsAMixtureOfItsPlace() {
        var random = SplitMix64(seed: 9)
        for place in 1...100 as ClosedRange<UInt64> {
            #expect(random.next() == SplitMix64.mixed(9 &+ place &* SplitMix64.step))
        }
    }
}
