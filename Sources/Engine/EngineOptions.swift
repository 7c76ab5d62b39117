// How an engine is sized.

package import Numerics

package struct EngineOptions: Sendable {
    /// Tokens of prompt and answer together. Llama Nemotron Nano VL is trained for 16,384.
    package var context: Int
    /// Prompt tokens run at once. Results do not depend on it.
    package var prefillChunk: Int
    /// f32, bf16 or f8e4m3.
    package var keyValueType: DType

    package init(context: Int = 16_384, prefillChunk: Int = 512, keyValueType: DType = .bf16) {
        self.context = context
        self.prefillChunk = prefillChunk
        self.keyValueType = keyValueType
    }
}
