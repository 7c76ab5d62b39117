// The tokens of tokenizer.json by id, gathered from model.vocab and added_tokens. Does not know the file's other parts.

import JSONText

/// Collects tokens from the two places that name them.
struct TokenTableBuilder {
    private var storage: [UInt8] = []
    private var entries: [Entry] = []
    private var modelCount = 0

    private struct Entry {
        var id: Int
        var place: Vocabulary.Place
        /// Whether the byte-level alphabet spells it, so that it could also stand in `model.vocab`.
        var isSpelled = true
    }

    /// Reads `model.vocab`: an object from spelling, in the byte-level alphabet, to id.
    mutating func readVocabulary(_ place: JSONScanner?) throws(TokenizationError) {
        guard var scanner = place else {
            throw .field(path: "model.vocab", found: "absent", expected: "an object of tokens and ids")
        }
        storage.reserveCapacity(1 << 20)
        entries.reserveCapacity(1 << 17)
        do throws(JSONFault) {
            try scanner.enterObject()
        } catch {
            throw TokenizationError(error)
        }
        var spelling: [UInt8] = []
        while let id = try nextID(&scanner, &spelling) {
            let start = storage.count
            guard ByteLevelAlphabet.decode(spelling, into: &storage) else {
                throw .field(
                    path: "model.vocab", found: "token \(quoted(String(decoding: spelling, as: UTF8.self)))",
                    expected: "only characters of the byte-level alphabet (a space is spelled \"Ġ\")")
            }
            guard storage.count > start else {
                throw .field(path: "model.vocab", found: "an empty token", expected: "at least one byte in each")
            }
            let place = Vocabulary.Place(start: UInt32(start), length: UInt32(storage.count - start))
            entries.append(Entry(id: id, place: place))
        }
        modelCount = entries.count
    }

    /// Reads one member of `model.vocab`; nil at its end.
    private func nextID(_ scanner: inout JSONScanner, _ spelling: inout [UInt8]) throws(TokenizationError) -> Int? {
        do throws(JSONFault) {
            return try scanner.nextKey(into: &spelling) ? try scanner.count() : nil
        } catch {
            throw TokenizationError(error)
        }
    }

    /// Adds `added_tokens`. One that is also in `model.vocab` must have the same id there.
    mutating func add(_ added: [AddedToken]) throws(TokenizationError) {
        var ids: [String: Int32] = [:]
        for token in added {
            if let other = ids.updateValue(token.id, forKey: token.content) {
                throw .duplicateToken(token: token.content, first: Int(other), second: Int(token.id))
            }
            let start = storage.count
            let spelling = Array(token.content.utf8)
            // As the byte-level decoder does: a spelling inside the alphabet stands for bytes, any other for itself.
            let isSpelled = ByteLevelAlphabet.decode(spelling, into: &storage)
            if !isSpelled { storage += spelling }
            let place = Vocabulary.Place(start: UInt32(start), length: UInt32(storage.count - start))
            entries.append(Entry(id: Int(token.id), place: place, isSpelled: isSpelled))
        }
    }

    /// Checks that ids are `0..<count`, each with one token, and each token of the model with one id.
    func finish() throws(TokenizationError) -> TokenTable {
        let highest = entries.lazy.map(\.id).max() ?? -1
        var places = [Vocabulary.Place?](repeating: nil, count: min(highest + 1, entries.count))
        for entry in entries where entry.id < places.count {
            if let other = places[entry.id], !sameBytes(other, entry.place) {
                throw .duplicateID(id: entry.id, first: text(other), second: text(entry.place))
            }
            places[entry.id] = entry.place
        }
        if let hole = places.firstIndex(where: { $0 == nil }) {
            throw .unusedID(id: hole, count: entries.count, highest: highest)
        }
        guard places.count == highest + 1, highest >= 0 else {
            throw .unusedID(id: places.count, count: entries.count, highest: highest)
        }
        let modelIDs = entries.prefix(modelCount).map { Int32(truncatingIfNeeded: $0.id) }
        let table = TokenTable(storage: storage, places: places.compactMap(\.self), modelIDs: modelIDs)
        for entry in entries where entry.isSpelled {
            let lower = Int(entry.place.start), upper = lower + Int(entry.place.length)
            let hash = Vocabulary.hash(storage.span, lower, upper)
            let found = Int(table.vocabulary.find(storage.span, lower, upper, hash: hash))
            if found >= 0, found != entry.id {
                throw .duplicateToken(token: text(entry.place), first: found, second: entry.id)
            }
        }
        return table
    }

    private func bytes(_ place: Vocabulary.Place) -> ArraySlice<UInt8> {
        storage[Int(place.start)..<Int(place.start) + Int(place.length)]
    }

    private func sameBytes(_ first: Vocabulary.Place, _ second: Vocabulary.Place) -> Bool {
        bytes(first) == bytes(second)
    }

    private func text(_ place: Vocabulary.Place) -> String {
        String(decoding: bytes(place), as: UTF8.self)
    }
}

/// Tokens by id, every id used.
struct TokenTable {
    let storage: [UInt8]
    let places: [Vocabulary.Place]
    let modelIDs: [Int32]
    /// Index over the tokens of `model.vocab`.
    let vocabulary: Vocabulary

    init(storage: [UInt8], places: [Vocabulary.Place], modelIDs: [Int32]) {
        self.storage = storage
        self.places = places
        self.modelIDs = modelIDs
        vocabulary = Vocabulary(storage: storage, places: places, indexed: modelIDs)
    }

    /// Reads `model.merges`: strings `"a b"`, or pairs `["a", "b"]`, in rank order.
    func readMerges(_ place: JSONScanner?) throws(TokenizationError) -> [Merge] {
        guard var scanner = place else {
            throw .field(path: "model.merges", found: "absent", expected: "an array of merges")
        }
        var merges: [Merge] = []
        merges.reserveCapacity(1 << 18)
        do throws(JSONFault) {
            try scanner.enterArray()
        } catch {
            throw TokenizationError(error)
        }
        var left: [UInt8] = [], right: [UInt8] = []
        while let form = try nextMerge(&scanner, &left, &right) {
            if form == .string {
                let space = left.firstIndex(of: 0x20)
                guard let space, space > 0, space + 1 < left.count else {
                    throw .field(
                        path: "model.merges[\(merges.count)]",
                        found: quoted(String(decoding: left, as: UTF8.self)), expected: "two tokens and one space")
                }
                right.replaceSubrange(right.indices, with: left[(space + 1)...])
                left.removeSubrange(space...)
            }
            merges.append(try merge(left, right, index: merges.count))
        }
        return merges
    }

    /// Reads one element of `model.merges`: a pair into `left` and `right`, or a string into `left`.
    /// - Returns: which of them it was; nil at the array's end.
    private func nextMerge(
        _ scanner: inout JSONScanner, _ left: inout [UInt8], _ right: inout [UInt8]
    ) throws(TokenizationError) -> JSONScanner.Kind? {
        do throws(JSONFault) {
            guard try scanner.nextElement() else { return nil }
            switch try scanner.kind() {
            case .string:
                try scanner.string(into: &left)
                return .string
            case .array:
                try scanner.enterArray()
                guard try scanner.nextElement() else { throw scanner.fault(expected: "a pair of tokens before it") }
                try scanner.string(into: &left)
                guard try scanner.nextElement() else { throw scanner.fault(expected: "a second token before it") }
                try scanner.string(into: &right)
                let end = scanner
                if try scanner.nextElement() { throw end.fault(expected: "']' after two tokens") }
                return .array
            default: throw scanner.fault(expected: "a pair of tokens")
            }
        } catch {
            throw TokenizationError(error)
        }
    }

    /// Ids of the 256 single bytes.
    func byteIDs() throws(TokenizationError) -> [Int32] {
        var ids: [Int32] = []
        for byte in UInt8.min...UInt8.max {
            let id = vocabulary.find([byte])
            guard id >= 0 else { throw .missingByte(byte) }
            ids.append(id)
        }
        return ids
    }

    private func merge(_ left: [UInt8], _ right: [UInt8], index: Int) throws(TokenizationError) -> Merge {
        var joined: [UInt8] = []
        joined.reserveCapacity(left.count + right.count)
        let first = try find(left, &joined, index, left, right)
        let second = try find(right, &joined, index, left, right)
        let merged = vocabulary.find(joined)
        guard merged >= 0 else { throw unknown(left + right, index, left, right) }
        return Merge(left: first, right: second, merged: merged)
    }

    /// Id of a spelled token, whose bytes are appended to `joined`.
    private func find(
        _ spelling: [UInt8], _ joined: inout [UInt8], _ index: Int, _ left: [UInt8], _ right: [UInt8]
    ) throws(TokenizationError) -> Int32 {
        let start = joined.count
        guard ByteLevelAlphabet.decode(spelling, into: &joined) else { throw unknown(spelling, index, left, right) }
        let span = joined.span
        let hash = Vocabulary.hash(span, start, joined.count)
        let id = vocabulary.find(span, start, joined.count, hash: hash)
        guard id >= 0 else { throw unknown(spelling, index, left, right) }
        return id
    }

    private func unknown(_ token: [UInt8], _ index: Int, _ left: [UInt8], _ right: [UInt8]) -> TokenizationError {
        .unknownTokenInMerge(
            index: index, merge: String(decoding: left + [0x20] + right, as: UTF8.self),
            token: String(decoding: token, as: UTF8.self))
    }
}
