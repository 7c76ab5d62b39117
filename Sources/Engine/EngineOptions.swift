// How an engine is sized.

package import Numerics

package struct EngineOptions: Sendable {
    /// Tokens of prompt and answer together. Llama Nemotron Nano VL is trained for 16,384.
    package var context: Int
    /// Rows of a step at most. Answers do not depend on it: more read prompts faster, fewer let answers that are
    /// being written go on sooner.
    package var stepTokens: Int
    /// f32, bf16 or f8e4m3.
    package var keyValueType: DType
    /// Positions the key-value cache holds for all sequences together; nil, and less, is one context.
    package var cacheTokens: Int?
    /// Sequences that share steps.
    package var running: Int
    /// Requests that may wait; the next is refused.
    package var maxWaiting: Int
    /// Prompt tokens that may wait; nil is 8 contexts. One request may always wait.
    package var maxWaitingTokens: Int?
    package var usesPrefixCache: Bool
    /// Bytes of image embeddings kept. 0 keeps none, and requests with images are read one after another.
    package var imageCacheBytes: Int
    /// Tokens guessed in a step for a request that does not say; 0 guesses none.
    package var drafts: Int
    /// Looks for the largest logit alone where a step writes one token that nothing else decides: the same token for about
    /// half of `lm_head`'s bytes, and an int8 copy of it in memory.
    package var readsLargestLogit: Bool
    /// Receives every event and decision of the scheduler, on the engine's thread: a log that can be replayed.
    package var record: (@Sendable (SchedulerRecord) -> Void)?

    package init(
        context: Int = 16_384, stepTokens: Int = 512, keyValueType: DType = .bf16, cacheTokens: Int? = nil,
        running: Int = 64, maxWaiting: Int = 256, maxWaitingTokens: Int? = nil, usesPrefixCache: Bool = true,
        imageCacheBytes: Int = standardImageCacheBytes, drafts: Int = 0,
        readsLargestLogit: Bool = true, record: (@Sendable (SchedulerRecord) -> Void)? = nil
    ) {
        self.context = context
        self.stepTokens = stepTokens
        self.keyValueType = keyValueType
        self.cacheTokens = cacheTokens
        self.running = running
        self.maxWaiting = maxWaiting
        self.maxWaitingTokens = maxWaitingTokens
        self.usesPrefixCache = usesPrefixCache
        self.imageCacheBytes = imageCacheBytes
        self.drafts = drafts
        self.readsLargestLogit = readsLargestLogit
        self.record = record
    }

    package static let standardImageCacheBytes = 256 << 20

    /// Tokens guessed for a request that asks for guesses where the engine's choice is none.
    static let draftsOnRequest = 4
}
