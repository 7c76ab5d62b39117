// What a request is checked against. Knows figures of the model and the limits, neither of them by heart.

package struct RequestBounds: Sendable {
    package let limits: Limits
    /// Ids of tokens are below this.
    package let vocabulary: Int
    /// Tokens of prompt and answer together.
    package let context: Int

    package init(limits: Limits, vocabulary: Int, context: Int) {
        self.limits = limits
        self.vocabulary = vocabulary
        self.context = context
    }
}
