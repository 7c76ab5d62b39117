// What limits the next token from outside, such as a grammar. Knows nothing of how the limits came about.

package import Grammar

/// The state of a structure that an answer must follow. A value: a copy goes its own way.
///
/// The engine asks for the mask before a token is chosen and advances by the chosen token, never by one outside the mask.
/// Ends of the answer are not the constraint's business: while `isComplete`, the request's stop tokens are allowed too,
/// and an answer that is complete and can go on with nothing ends there.
package protocol TokenConstraint: Sendable {
    /// Tokens that may come next, without stop tokens.
    mutating func allowedTokens() -> TokenMask
    mutating func advance(by token: Int32)
    /// Whether the answer may end here.
    var isComplete: Bool { get }
}

/// An answer that follows a grammar. What ends an answer is the request's business, so the grammar's own ends are left
/// out of the mask.
package struct GrammarConstraint: TokenConstraint {
    private var matcher: GrammarMatcher

    package init(_ matcher: GrammarMatcher) { self.matcher = matcher }

    package var isComplete: Bool { matcher.isComplete }

    package func allowedTokens() -> TokenMask {
        var mask = matcher.allowedTokens()
        for end in matcher.masks.vocabulary.ends { mask.remove(end) }
        return mask
    }

    package mutating func advance(by token: Int32) { _ = matcher.accept(token) }
}
