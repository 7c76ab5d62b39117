// What decides a benchmark's items, as the header of a result file holds it. Knows neither documents nor tables.

/// Two results with equal settings are about the same items. As JSON it is one object, told apart by `benchmark`.
package enum ItemSettings: Codable, Sendable, Equatable {
    case documents(DocumentSettings)
    case table(TableSettings)

    package var benchmark: String {
        switch self {
        case .documents(let settings): settings.benchmark
        case .table(let settings): settings.benchmark
        }
    }

    /// The protocol whose prompts and rules are used.
    package var profile: String? {
        if case .table(let settings) = self { settings.profile } else { nil }
    }

    /// Whether both are about the same rows, or the same drawings, whatever the protocol.
    package func hasItems(of other: ItemSettings) -> Bool {
        switch (self, other) {
        case (.documents(let first), .documents(let second)): first == second
        case (.table(let first), .table(let second)): first.benchmark == second.benchmark && first.data == second.data
        default: false
        }
    }

    private struct Name: Decodable { let benchmark: String }

    package init(from decoder: any Decoder) throws {
        if try Name(from: decoder).benchmark == DocumentSettings.benchmark {
            self = .documents(try DocumentSettings(from: decoder))
        } else {
            self = .table(try TableSettings(from: decoder))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .documents(let settings): try settings.encode(to: encoder)
        case .table(let settings): try settings.encode(to: encoder)
        }
    }
}

/// Documents drawn from a seed.
package struct DocumentSettings: Codable, Sendable, Equatable {
    package static let benchmark = "synthetic"

    package let benchmark: String
    package let seed: UInt64
    package let split: String
    /// Whose fonts and layouts are used.
    package let looks: String
    package let levels: [Int]
    package let families: [String]
    package let tileSize: Int
    /// Which family and level item i has, in words.
    package let assignment: String

    package init(
        seed: UInt64, split: String, looks: String, levels: [Int], families: [String], tileSize: Int, assignment: String
    ) {
        benchmark = Self.benchmark
        self.seed = seed
        self.split = split
        self.looks = looks
        self.levels = levels
        self.families = families
        self.tileSize = tileSize
        self.assignment = assignment
    }
}

/// Items read from a file or folder that a user downloaded.
package struct TableSettings: Codable, Sendable, Equatable {
    package let benchmark: String
    package let profile: String
    package let data: DataIdentity
    /// How the frames of a video are chosen; nil without videos.
    package let frames: String?
    /// The protocol that worded the questions, where another one's rules score the replies.
    package let askedUnder: String?

    package init(
        benchmark: String, profile: String, data: DataIdentity, frames: String? = nil, askedUnder: String? = nil
    ) {
        self.benchmark = benchmark
        self.profile = profile
        self.data = data
        self.frames = frames
        self.askedUnder = askedUnder
    }
}

extension TableSettings {
    /// The same items scored by another protocol's rules.
    package func scored(under profile: String) -> TableSettings {
        TableSettings(
            benchmark: benchmark, profile: profile, data: data, frames: frames,
            askedUnder: profile == self.profile ? askedUnder : askedUnder ?? self.profile)
    }
}

/// Which data were read, whatever they are called and wherever they lie.
package struct DataIdentity: Codable, Sendable, Equatable {
    package let format: String
    package let rows: Int
    /// 64 bits over every row's text, the bytes of its images and the lengths of its videos.
    package let fingerprint: String

    package init(format: String, rows: Int, fingerprint: String) {
        self.format = format
        self.rows = rows
        self.fingerprint = fingerprint
    }
}
