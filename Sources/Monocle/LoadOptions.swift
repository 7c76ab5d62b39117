// How a model is loaded and run. Knows names and defaults, not how they are carried out.

package import Compute

/// The arithmetic of linear layers; see `docs/precision.md`.
public enum ArithmeticPrecision: String, Sendable, CaseIterable {
    /// `w4a16`, the most accurate of the fast ones, where it runs at the speed of memory; `w4a8` on AVX2, where it decodes
    /// more than twice as fast.
    case auto
    /// float32 activations and key-value cache; slow, for comparisons with references.
    case f32
    /// Weights as stored, exactly; activations in bf16.
    case w4a16
    /// NVFP4 layers with activations in int8 blocks of 16.
    case w4a8
    /// NVFP4 layers with activations in NVFP4 under the checkpoint's `input_scale`, as a Blackwell GPU computes.
    case w4a4

    /// What `auto` stands for with these instructions.
    package func resolved(on instructions: InstructionSet) -> Precision {
        switch self {
        case .auto: instructions == .avx2 ? .w4a8 : .w4a16
        case .f32: .f32
        case .w4a16: .w4a16
        case .w4a8: .w4a8
        case .w4a4: .w4a4
        }
    }
}

/// How the key-value cache is stored.
public enum KeyValueCacheType: String, Sendable, CaseIterable {
    /// bf16, or float32 when the precision is `f32`.
    case auto
    case bf16
    /// e4m3 under the checkpoint's scales; the checkpoint must declare an FP8 key-value cache.
    case fp8
}

/// Options of `VisionLanguageModel.init(loading:options:)`.
public struct LoadOptions: Sendable {
    public var precision: ArithmeticPrecision
    /// Threads to compute with; nil uses every core the process may run on. Results do not depend on it.
    public var threads: Int?
    /// Tokens of prompt and answer together; nil is 16,384, for which the model is trained, or the most its configuration
    /// allows when that is less.
    public var context: Int?
    public var keyValueCache: KeyValueCacheType
    /// Prompt tokens run at once. Results do not depend on it.
    public var prefillChunk: Int
    /// How the encoder's position table is resampled: true as in the code that trained the model.
    public var alignCorners: Bool
    /// Whether an int8 copy of a bf16 `lm_head` is kept, half its bytes, for greedy answers to read instead. Results do not
    /// depend on it.
    public var lmHeadCopy: Bool
    /// How questions asked at the same time share the engine.
    package var sharing = EngineSharing()

    public init(
        precision: ArithmeticPrecision = .auto, threads: Int? = nil, context: Int? = nil,
        keyValueCache: KeyValueCacheType = .auto, prefillChunk: Int = 512, alignCorners: Bool = true,
        lmHeadCopy: Bool = true
    ) {
        self.precision = precision
        self.threads = threads
        self.context = context
        self.keyValueCache = keyValueCache
        self.prefillChunk = prefillChunk
        self.alignCorners = alignCorners
        self.lmHeadCopy = lmHeadCopy
    }
}

/// How many requests the engine takes, and how much of the key-value cache they share. Nil takes the engine's choice.
package struct EngineSharing: Sendable {
    /// Positions the key-value cache holds for all requests together; at least one context.
    package var cacheTokens: Int?
    /// Requests that share steps.
    package var running: Int?
    /// Requests, and prompt tokens, that may wait.
    package var maxWaiting: Int?
    package var maxWaitingTokens: Int?
    /// Bytes that whoever asks keeps of images cut into tiles, beside the engine; memory is checked for them too.
    package var keptImageBytes = 0
    /// Tokens guessed from the prompt in a step; results do not depend on it.
    package var drafts: Int?

    package init() {}
}
