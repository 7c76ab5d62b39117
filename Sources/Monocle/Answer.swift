// What comes back. Knows nothing of how it was computed.

/// A finished answer.
public struct Answer: Sendable {
    public enum FinishReason: String, Sendable, Codable {
        /// The model ended its turn, or a stop string appeared.
        case stop
        /// `maxTokens` or the context was reached.
        case length
    }
    public let text: String
    public let finishReason: FinishReason
    public let promptTokenIDs: [Int32]
    /// Generated tokens, the end token included.
    public let tokenIDs: [Int32]
    /// One entry for each of `tokenIDs`; nil when they were not asked for.
    public let logprobs: [TokenLogprobs]?
    public let images: [ImageUse]
    public let usage: Usage
    public let timings: AnswerTimings
}

/// A token's log-probability under the model's own distribution, and the most likely tokens'.
public struct TokenLogprobs: Sendable, Encodable {
    public struct Entry: Sendable, Encodable {
        public let tokenId: Int32
        public let logprob: Float
    }
    public let tokenId: Int32
    public let logprob: Float
    /// Most likely first.
    public let top: [Entry]
}

/// What an image or a video cost: its size, its tiles and its tokens.
public struct ImageUse: Sendable, Encodable {
    public let file: String
    public let width: Int
    public let height: Int
    /// Columns, rows; of each frame of a video.
    public let grid: [Int]
    /// Numbers of the frames of a video that were looked at, from 0; nil for an image.
    public let frames: [Int]?
    /// Tiles of the grid and the thumbnail, or of all frames.
    public let tiles: Int
    /// Prompt tokens its embeddings take.
    public let tokens: Int
}

public struct Usage: Sendable, Encodable {
    public let promptTokens: Int
    public let completionTokens: Int
    public let imageTokens: Int
}

/// Seconds and rates.
public struct AnswerTimings: Sendable, Encodable {
    public let imagesSeconds: Double
    public let visionSeconds: Double
    public let prefillSeconds: Double
    public let decodeSeconds: Double
    /// Prompt tokens found in the prefix cache.
    public let cachedTokens: Int
    /// Prompt tokens run through the decoder in a second.
    public let prefillTokensPerSecond: Double
    /// Tokens after the first in a second.
    public let decodeTokensPerSecond: Double
}

/// What a stream of an answer delivers, in order.
public enum AnswerEvent: Sendable {
    public enum Stage: Sendable, Equatable {
        case vision(tile: Int, of: Int)
        case prefill(tokens: Int, of: Int)
    }
    case stage(Stage)
    /// Text that became certain; never splits a character.
    case text(String)
    /// A token was generated; its text may come later.
    case token(id: Int32)
    case finished(Answer)
}
