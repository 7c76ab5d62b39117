// SHA-256 (FIPS 180-4) of test data, to compare with published digests. Knows nothing of what it digests.

/// The digest of `bytes` as lowercase hexadecimal.
package func sha256(_ bytes: [UInt8]) -> String {
    var state: [UInt32] = [
        0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
    ]
    let bits = UInt64(bytes.count) * 8
    let padding = (119 - bytes.count % 64) % 64 + 1
    let tail =
        Array(bytes[(bytes.count / 64 * 64)...]) + [0x80] + [UInt8](repeating: 0, count: padding - 1)
        + (0..<8).map { UInt8(truncatingIfNeeded: bits >> (56 - 8 * UInt64($0))) }
    var words = [UInt32](repeating: 0, count: 64)
    bytes.withUnsafeBufferPointer { buffer in
        for block in 0..<buffer.count / 64 {
            mix(UnsafeBufferPointer(rebasing: buffer[(block * 64)...]), &words, &state)
        }
    }
    tail.withUnsafeBufferPointer { buffer in
        for block in 0..<buffer.count / 64 {
            mix(UnsafeBufferPointer(rebasing: buffer[(block * 64)...]), &words, &state)
        }
    }
    return state.map { word in
        let text = String(word, radix: 16)
        return String(repeating: "0", count: 8 - text.count) + text
    }.joined()
}

private func mix(_ block: UnsafeBufferPointer<UInt8>, _ words: inout [UInt32], _ state: inout [UInt32]) {
    func rotated(_ value: UInt32, _ count: UInt32) -> UInt32 { value >> count | value << (32 - count) }
    for index in 0..<16 {
        words[index] = (0..<4).reduce(0) { $0 << 8 | UInt32(block[4 * index + $1]) }
    }
    for index in 16..<64 {
        let (a, b) = (words[index - 15], words[index - 2])
        let small = rotated(a, 7) ^ rotated(a, 18) ^ a >> 3
        let large = rotated(b, 17) ^ rotated(b, 19) ^ b >> 10
        words[index] = words[index - 16] &+ small &+ words[index - 7] &+ large
    }
    var (a, b, c, d, e, f, g, h) = (
        state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]
    )
    for index in 0..<64 {
        let choice = (e & f) ^ (~e & g)
        let first =
            h &+ (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) &+ choice &+ roundConstants[index] &+ words[index]
        let majority = (a & b) ^ (a & c) ^ (b & c)
        let second = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) &+ majority
        (h, g, f, e, d, c, b, a) = (g, f, e, d &+ first, c, b, a, first &+ second)
    }
    for (index, value) in [a, b, c, d, e, f, g, h].enumerated() { state[index] &+= value }
}

/// The first 32 fraction bits of the cube roots of the first 64 primes, by integer search.
private let roundConstants: [UInt32] = {
    var primes: [UInt64] = []
    var candidate: UInt64 = 2
    while primes.count < 64 {
        if primes.allSatisfy({ candidate % $0 != 0 }) { primes.append(candidate) }
        candidate += 1
    }
    return primes.map { prime in
        // Largest r with r^3 <= prime * 2^96: floor(cbrt(prime) * 2^32). r < 2^35.
        var root: UInt64 = 0
        for bit in stride(from: UInt64(34), through: 0, by: -1) {
            let trial = root | 1 << bit
            let square = trial.multipliedFullWidth(by: trial)
            let low = square.low.multipliedFullWidth(by: trial)
            let cubeHigh = square.high * trial + low.high
            if cubeHigh < prime << 32 || (cubeHigh == prime << 32 && low.low == 0) { root = trial }
        }
        return UInt32(truncatingIfNeeded: root)
    }
}()
