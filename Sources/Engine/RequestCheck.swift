// What a request must satisfy before it may enter a step that others share. Knows the model's sizes, not its weights.

import Model

/// Sizes of the model and the engine that a request is checked against.
struct RequestCheck: Sendable {
    let vocabulary: Int
    let context: Int
    /// Pixels along a tile's edge and embeddings of a tile; nil for a text-only model.
    let tile: (side: Int, tokens: Int)?

    init(_ model: NemotronNanoVL, context: Int) {
        vocabulary = model.language.shape.vocabulary
        self.context = context
        tile = model.vision.map { ($0.encoder.tileSide, $0.tokensPerTile) }
    }

    /// Refuses what could not be computed, so that nothing in a step fails for its input.
    func check(_ request: GenerationRequest) throws(EngineError) {
        _ = try request.sampling.validated()
        guard !request.prompt.isEmpty, request.prompt.count < context else {
            throw .contextLength(prompt: request.prompt.count, limit: context)
        }
        try check(request.prompt, name: "prompt token")
        try check(request.sampling.logitBias.keys, name: "logit_bias token")
        try check(request.maxTokens ?? 0, in: 0...Int.max, name: "max_tokens", "0 or more")
        try check(request.minTokens, in: 0...(request.maxTokens ?? context), name: "min_tokens", "0 to max_tokens")
        try check(request.logprobs ?? 0, in: 0...vocabulary, name: "logprobs", "0 to \(vocabulary)")
        var last = -1
        for image in request.images { try check(image, prompt: request.prompt.count, last: &last) }
    }

    private func check(_ ids: some Swift.Sequence<Int32>, name: String) throws(EngineError) {
        for id in ids where id < 0 || Int(id) >= vocabulary {
            throw .parameter(name: name, found: "\(id)", expected: "an id below \(vocabulary)")
        }
    }

    private func check(
        _ value: Int, in range: ClosedRange<Int>, name: String, _ expected: String
    ) throws(EngineError) {
        guard range.contains(value) else { throw .parameter(name: name, found: "\(value)", expected: expected) }
    }

    private func check(_ image: GenerationRequest.Image, prompt: Int, last: inout Int) throws(EngineError) {
        guard let tile else { throw .textOnly }
        let content = image.content
        let bytes = 3 * tile.side * tile.side
        guard content.tiles > 0, content.pixels.count / bytes == content.tiles, content.pixels.count % bytes == 0 else {
            throw .parameter(
                name: "image of \(content.tiles) tiles", found: "\(content.pixels.count) bytes",
                expected: "1 tile or more, of \(bytes) bytes each")
        }
        guard image.rows.count == content.tiles * tile.tokens else {
            throw .imageMismatch(found: content.tiles * tile.tokens, expected: image.rows.count)
        }
        for row in image.rows {
            guard row > last, row < prompt else {
                throw .parameter(
                    name: "image row", found: "\(row)", expected: "above \(last), the row before, and below \(prompt)")
            }
            last = row
        }
    }

    /// Tokens of prompt and answer together.
    func limit(_ request: GenerationRequest) -> Int {
        request.prompt.count + min(request.maxTokens ?? .max, context - request.prompt.count)
    }
}
