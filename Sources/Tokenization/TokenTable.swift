// The tokens of tokenizer.json by id, gathered from model.vocab and added_tokens. Does not know the file's other parts.

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
    mutating func readVocabulary(_ reader: inout JSONReader, at position: Int?) throws(TokenizationError) {
        guard let position else {
            throw .field(path: "model.vocab", found: "absent", expected: "an object of tokens and ids")
        }
        reader.position = position
        storage.reserveCapacity(1 << 20)
        entries.reserveCapacity(1 << 17)
        try reader.expect(UInt8(ascii: "{"), "an object of tokens and ids")
        var spelling: [UInt8] = []
        while reader.peek() != UInt8(ascii: "}") {
            if !entries.isEmpty { try reader.expect(UInt8(ascii: ","), "',' or '}'") }
            try reader.string(into: &spelling)
            try reader.expect(UInt8(ascii: ":"), "':'")
            let id = try reader.integer()
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
        try reader.expect(UInt8(ascii: "}"), "'}'")
        modelCount = entries.count
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
    func readMerges(_ reader: inout JSONReader, at position: Int?) throws(TokenizationError) -> [Merge] {
        guard let position else {
            throw .field(path: "model.merges", found: "absent", expected: "an array of merges")
        }
        reader.position = position
        var merges: [Merge] = []
        merges.reserveCapacity(1 << 18)
        var left: [UInt8] = [], right: [UInt8] = []
        var pair: [UInt8] = []
        try reader.array { (reader) throws(TokenizationError) in
            if reader.peek() == UInt8(ascii: "\"") {
                try reader.string(into: &pair)
                let space = pair.firstIndex(of: 0x20)
                guard let space, space > 0, space + 1 < pair.count else {
                    throw .field(
                        path: "model.merges[\(merges.count)]",
                        found: quoted(String(decoding: pair, as: UTF8.self)), expected: "two tokens and one space")
                }
                left.replaceSubrange(left.indices, with: pair[..<space])
                right.replaceSubrange(right.indices, with: pair[(space + 1)...])
            } else {
                try reader.expect(UInt8(ascii: "["), "a pair of tokens")
                try reader.string(into: &left)
                try reader.expect(UInt8(ascii: ","), "',' and a second token")
                try reader.string(into: &right)
                try reader.expect(UInt8(ascii: "]"), "']' after two tokens")
            }
            merges.append(try merge(left, right, index: merges.count))
        }
        return merges
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
