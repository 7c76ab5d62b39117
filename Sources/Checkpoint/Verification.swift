// Reads every byte of a folder and lists everything that is wrong with it. Knows no way to repair.

import Dispatch
package import Foundation
import Numerics

/// The result of reading a whole checkpoint: all faults, not only the first.
package struct Verification: Sendable, Encodable {
    /// Empty when the folder is sound.
    package let faults: [String]
    /// Oddities that change no result, and the warnings of opening.
    package let notes: [String]
    package let tensorCount: Int
    package let bytesRead: Int
    /// Smallest and largest e4m3 block scale, nil without NVFP4 layers.
    package let blockScales: ModelCard.Extremes?

    package var isSound: Bool { faults.isEmpty }

    /// Reads the folder.
    /// - Parameter progress: called now and then with the bytes read so far and the bytes to read.
    package init(of url: URL, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }) {
        let survey = FolderSurvey(of: url)
        var faults = survey.faults
        var notes = survey.folder?.warnings ?? []
        var tensors = 0
        var done = 0
        var range: (low: UInt8, high: UInt8)?
        let total = survey.files.reduce(0) { $0 + $1.mapping.byteCount }
        for file in survey.files {
            var zeros = (blocks: 0, tensors: 0)
            for name in file.names {
                guard let view = file.tensors[name] else { continue }
                let holdsBlockScales = view.dtype == .f8e4m3 && name.hasSuffix(".weight_scale")
                let tally = ByteScan.tally(view)
                if tally.notFinite > 0 {
                    faults.append(
                        .tensor(
                            name, file: file.path, found: "\(tally.notFinite) values that are NaN or infinite",
                            expected: "finite values"))
                }
                if holdsBlockScales {
                    if tally.negative > 0 {
                        faults.append(
                            .tensor(
                                name, file: file.path, found: "\(tally.negative) block scales below zero",
                                expected: "none"))
                    }
                    if tally.zero > 0 { zeros = (zeros.blocks + tally.zero, zeros.tensors + 1) }
                    if let low = tally.low, let high = tally.high {
                        range = (min(range?.low ?? low, low), max(range?.high ?? high, high))
                    }
                }
                tensors += 1
                done += view.bytes.count
                progress(done, total)
            }
            if zeros.blocks > 0 {
                notes.append(
                    "\(file.path): \(zeros.blocks) blocks in \(zeros.tensors) tensors have the scale 0: they are zeros"
                )
            }
            do throws(CheckpointError) {
                try file.mapping.checkUnchanged()
            } catch {
                faults.append(error)
            }
        }
        self.faults = faults.map(\.description)
        self.notes = notes
        self.tensorCount = tensors
        self.bytesRead = done
        self.blockScales = range.map {
            ModelCard.Extremes(smallest: E4M3(bits: $0.low).float, largest: E4M3(bits: $0.high).float)
        }
    }
}

/// Counts of values a sound tensor does not have, taken over all of its bytes on all cores.
enum ByteScan {
    struct Tally: Sendable {
        var notFinite = 0
        /// Of one-byte floats only, as are the others below.
        var zero = 0
        var negative = 0
        /// Smallest and largest code that is neither negative nor NaN.
        var low: UInt8?
        var high: UInt8?

        mutating func add(_ other: Tally) {
            notFinite += other.notFinite
            zero += other.zero
            negative += other.negative
            low = [low, other.low].compactMap(\.self).min()
            high = [high, other.high].compactMap(\.self).max()
        }
    }

    /// Bytes of one piece of work; a multiple of every element size.
    private static let pieceSize = 4 << 20

    static func tally(_ view: TensorView) -> Tally {
        let pieces = (view.bytes.count + pieceSize - 1) / pieceSize
        guard pieces > 1 else { return tally(view.bytes, view.dtype) }
        let tallies = UnsafeMutableBufferPointer<Tally>.allocate(capacity: pieces)
        tallies.initialize(repeating: Tally())
        defer { tallies.deallocate() }
        // Each iteration writes its own element.
        nonisolated(unsafe) let results = tallies
        DispatchQueue.concurrentPerform(iterations: pieces) { index in
            let range = index * pieceSize..<min((index + 1) * pieceSize, view.bytes.count)
            results[index] = tally(UnsafeRawBufferPointer(rebasing: view.bytes[range]), view.dtype)
        }
        return tallies.reduce(into: Tally()) { $0.add($1) }
    }

    private static func tally(_ bytes: UnsafeRawBufferPointer, _ dtype: DType) -> Tally {
        switch dtype {
        case .bf16: count(bytes, of: UInt16.self, exponent: 0x7F80)
        case .f16: count(bytes, of: UInt16.self, exponent: 0x7C00)
        case .f32: count(bytes, of: UInt32.self, exponent: 0x7F80_0000)
        case .f64: count(bytes, of: UInt64.self, exponent: 0x7FF0_0000_0000_0000)
        case .f8e4m3: scales(bytes)
        default: touch(bytes)
        }
    }

    /// Elements whose exponent bits are all set.
    @inline(__always)
    private static func count<Bits: FixedWidthInteger>(
        _ bytes: UnsafeRawBufferPointer, of type: Bits.Type, exponent: Bits
    ) -> Tally {
        var found = 0
        bytes.withMemoryRebound(to: type) { elements in
            for element in elements where element & exponent == exponent { found &+= 1 }
        }
        return Tally(notFinite: found)
    }

    private static func scales(_ bytes: UnsafeRawBufferPointer) -> Tally {
        var seen = [Int](repeating: 0, count: 256)
        for byte in bytes { seen[Int(byte)] &+= 1 }
        let codes = (0..<0x7F).filter { seen[$0] > 0 }.map(UInt8.init)
        return Tally(
            notFinite: seen[0x7F] + seen[0xFF], zero: seen[0] + seen[0x80], negative: seen[0x81..<0xFF].reduce(0, +),
            low: codes.first, high: codes.last)
    }

    /// Reads bytes whose every value is sound, so that a page the disk cannot deliver is found here and not in use.
    private static func touch(_ bytes: UnsafeRawBufferPointer) -> Tally {
        var sum: UInt8 = 0
        for byte in bytes { sum |= byte }
        return withExtendedLifetime(sum) { Tally() }
    }
}
