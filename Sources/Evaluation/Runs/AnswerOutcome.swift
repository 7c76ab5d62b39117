// What came of asking one question, as a line of a run file holds it. Knows no benchmark and no rule.

/// A reply and its verdict, or an error. An error is a state of its own: neither right nor wrong, and never text to score.
package struct AnswerOutcome: ResultOutcome, Equatable {
    /// The prompt as it was sent: texts, and images by their place in `images`.
    package var prompt: [Part]
    package var images: [Image]
    /// Every accepted answer, for people.
    package var answers: [String]
    /// What the reply is scored by: a JSON object as text, so that the order of its keys is kept. `monocle eval score`
    /// needs nothing else.
    package var item: String?
    package var reply: String?
    package var promptTokens: Int?
    /// Generated tokens, the end token included.
    package var tokens: Int?
    /// `stop`, or `length` where the limit of tokens cut the reply.
    package var finishReason: String?
    /// From the first attempt to the reply.
    package var seconds: Double
    /// Requests that were made, failed ones included.
    package var attempts: Int?
    package var verdict: RunVerdict?
    package var error: Failure?

    /// One of both.
    package struct Part: Codable, Sendable, Equatable {
        package var text: String?
        package var image: Int?

        package init(text: String) { self.text = text }
        package init(image: Int) { self.image = image }
    }

    package struct Image: Codable, Sendable, Equatable {
        /// Where it is in the data: a path in the data's folder, `row 12` of a table, `page 1` of a drawn document,
        /// `clip.mp4`.
        package var reference: String
        /// Of the image as it lies in the data; nil for a drawn one.
        package var bytes: Int?
        /// FNV-1a, 64 bits, over these bytes, or over the pixels of a drawn one.
        package var digest: String
        package var width: Int?
        package var height: Int?
        /// Columns and rows of the grid, of each frame of a video, as the model in this process cut it; nil from an endpoint.
        package var grid: [Int]?
        /// Numbers of the frames of a video that it looked at, from 0; nil for an image, and from an endpoint.
        package var frames: [Int]?
        /// Tiles of the grid and the thumbnail, or of all frames.
        package var tiles: Int?
        package var tokens: Int?

        package init(
            reference: String, bytes: Int? = nil, digest: String, width: Int? = nil, height: Int? = nil,
            grid: [Int]? = nil, frames: [Int]? = nil, tiles: Int? = nil, tokens: Int? = nil
        ) {
            self.reference = reference
            self.bytes = bytes
            self.digest = digest
            self.width = width
            self.height = height
            self.grid = grid
            self.frames = frames
            self.tiles = tiles
            self.tokens = tokens
        }
    }

    /// Why there is no reply, or no verdict on it.
    package struct Failure: Codable, Sendable, Equatable, Error {
        package enum Kind: String, Codable, Sendable, CaseIterable {
            /// The item's own data: a missing image, bad base64, a malformed row.
            case data
            /// The model in this process.
            case model
            /// A status, a reply that is no chat completion, no connection.
            case endpoint
            case timeout
            /// There is a reply, which the rules could not read and the judge did not.
            case judge
            /// There is a reply, which the rule itself could not score.
            case scorer
        }
        package var kind: Kind
        package var message: String
        /// HTTP status, where there is one.
        package var status: Int?

        package init(_ kind: Kind, _ message: String, status: Int? = nil) {
            self.kind = kind
            self.message = message
            self.status = status
        }
    }

    package init(
        prompt: [Part], images: [Image] = [], answers: [String], item: String? = nil, seconds: Double = 0
    ) {
        self.prompt = prompt
        self.images = images
        self.answers = answers
        self.item = item
        self.seconds = seconds
    }

    package var failed: Bool { error != nil }
    package var isUnanswered: Bool { failed && reply == nil }

    /// The prompt's text; images stand in it as `<image>`.
    package var promptText: String { prompt.map { $0.text ?? "<image>" }.joined() }
}

/// How a reply was scored.
package struct RunVerdict: Codable, Sendable, Equatable {
    package enum State: String, Codable, Sendable, CaseIterable {
        /// The rules settled it, or the judge did.
        case scored
        /// The protocol leaves such a reply out of its mean.
        case leftOut = "left_out"
        /// The rules found no answer in the reply, and no judge was asked or none could tell: counts as wrong.
        case undecided
        /// The protocol's public code would guess at random: counts as wrong.
        case guess
        /// The protocol's public code stops with an error: counts as 0.
        case raises
        /// Data that the rule reads are absent: in no mean.
        case missingData = "missing_data"
    }

    /// 0...1.
    package var score: Double
    package var state: State
    /// The rule that decided.
    package var rule: String
    /// What the rule read out of the reply, where it reads anything out.
    package var extracted: String?
    /// What `raises` or `missing_data` say.
    package var note: String?
    /// Nil where rules alone decided.
    package var judge: Judgement?

    package var counts: Bool { state != .leftOut && state != .missingData }

    /// What the judge was asked and said, in order.
    package struct Judgement: Codable, Sendable, Equatable {
        package var model: String
        package var prompt: String
        package var replies: [String]

        package init(model: String, prompt: String, replies: [String]) {
            self.model = model
            self.prompt = prompt
            self.replies = replies
        }
    }

    package init(
        score: Double, state: State = .scored, rule: String, extracted: String? = nil, note: String? = nil,
        judge: Judgement? = nil
    ) {
        self.score = score
        self.state = state
        self.rule = rule
        self.extracted = extracted
        self.note = note
        self.judge = judge
    }
}
