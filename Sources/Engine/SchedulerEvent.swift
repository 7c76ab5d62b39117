// What the scheduler is told, and what it answers. Plain values: they can be logged and replayed.

/// A request as the scheduler sees it: contents and limits, no text, no pixels.
package struct Submission: Codable, Sendable, Equatable {
    package struct Image: Codable, Sendable, Equatable {
        package let digest: Digest
        package let tiles: Int
        /// Positions of its embeddings, in order.
        package let rows: [Int]

        package init(digest: Digest, tiles: Int, rows: [Int]) {
            self.digest = digest
            self.tiles = tiles
            self.rows = rows
        }

        /// Embeddings a tile becomes.
        package var rowsPerTile: Int { max(1, rows.count / max(1, tiles)) }
    }

    /// In order of arrival; unique.
    package let number: Int
    package let prompt: [Int32]
    package let images: [Image]
    /// Sequences of different salts share no page.
    package let salt: String
    /// Tokens of prompt and answer together.
    package let limit: Int
    /// Nanoseconds of the engine's clock.
    package let deadline: Int64?
    /// The request is given up when it still waits for its first step at this time.
    package let startDeadline: Int64?
    /// Tokens to guess in a step at most.
    package let drafts: Int

    package init(
        number: Int, prompt: [Int32], images: [Image] = [], salt: String = "", limit: Int, deadline: Int64? = nil,
        startDeadline: Int64? = nil, drafts: Int = 0
    ) {
        self.number = number
        self.prompt = prompt
        self.images = images
        self.salt = salt
        self.limit = limit
        self.deadline = deadline
        self.startDeadline = startDeadline
        self.drafts = drafts
    }
}

package enum SchedulerEvent: Codable, Sendable, Equatable {
    case submitted(Submission)
    case cancelled(Int)
    /// Asks for the next step; `now` is in nanoseconds of the engine's clock.
    case stepWanted(now: Int64)
    /// What became of the step asked for last.
    case stepDone(StepOutcome)
    /// Forgets every sequence and all that is cached.
    case reset
}

/// What became of a step.
package struct StepOutcome: Codable, Sendable, Equatable {
    package enum Result: Codable, Sendable, Equatable {
        /// The span's rows are in the cache; none of them was the sequence's last.
        case written
        /// Tokens chosen after the sequence's last row and after each draft that turned out right.
        case chosen([Int32], isLast: Bool)
        /// The request is over. `isSound`: whether what the sequence has written may serve others.
        case failed(isSound: Bool)
    }

    /// Images of which one more tile was embedded, in order, repeated for each tile.
    package var embedded: [Digest] = []
    /// By sequence: each span of the step, and sequences whose tile failed.
    package var results: [Int: Result] = [:]

    package init() {}
}

/// The scheduler's answer to an event. Empty but for `stepWanted`.
package struct Decision: Codable, Sendable, Equatable {
    package struct Tile: Codable, Sendable, Equatable {
        package let sequence: Int
        /// Place in the sequence's list of images.
        package let image: Int
        package let tile: Int
    }
    package struct Span: Codable, Sendable, Equatable {
        package let sequence: Int
        /// Position of the first row.
        package let start: Int
        /// Rows of contents already decided.
        package let count: Int
        /// Guesses that follow them, to be verified.
        package let drafts: [Int32]
        /// Whether the sequence's last content is among the rows, so that a token is to be chosen.
        package let isAtEnd: Bool
        package let pages: [Int32]

        package var rows: Int { count + drafts.count }
    }

    /// Past their deadline; already gone.
    package var expired: [Int] = []
    /// In their first step now.
    package var started: [Int] = []
    /// Sent back to wait, their pages given up.
    package var preempted: [Int] = []
    /// Prompt tokens found in the prefix cache, by sequence.
    package var reused: [Int: Int] = [:]
    /// Embeddings that may be thrown away.
    package var droppedImages: [Digest] = []
    package var tiles: [Tile] = []
    package var spans: [Span] = []

    package init() {}

    package var hasWork: Bool { !tiles.isEmpty || !spans.isEmpty }
}

/// An event and what was decided, for a log.
package struct SchedulerRecord: Codable, Sendable, Equatable {
    package let event: SchedulerEvent
    package let decision: Decision

    package init(event: SchedulerEvent, decision: Decision) {
        self.event = event
        self.decision = decision
    }
}
