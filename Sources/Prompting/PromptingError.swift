// What can be wrong with messages or a prompt's layout. Does not know the commands.

package enum PromptingError: Error, CustomStringConvertible, Equatable {
    /// Messages that are no JSON, or too large to be messages.
    case unreadableMessages(reason: String)
    /// A part of the messages has a wrong type or value; `path` is a JSON path such as `messages[1].content[0].type`.
    case message(path: String, found: String, expected: String)
    /// The URL of an image or a document that says nothing usable; `path` is its JSON path.
    case media(path: String, reason: String)
    /// Control text is parsed, and a message spells `<image>` more often than it has images.
    case morePlaceholdersThanImages(placeholders: Int, images: Int)
    /// A prompt names an image that was not given.
    case noSuchImage(index: Int, count: Int)
    /// Images were given that no part of the prompt places.
    case imageNotPlaced(index: Int, count: Int)
    /// A tile count that is not 1 or more, or too large to lay out.
    case tileCount(image: Int, tiles: Int, tokensPerTile: Int)
    /// The tokenizer lacks a control token that the prompt needs.
    case missingControlToken(String)
    /// Images were given, but the tokenizer has no tokens for them.
    case missingImageTokens([String])
    /// The prompt leaves no room for an answer. All figures are tokens.
    case tooLong(text: Int, control: Int, image: Int, limit: Int)

    /// True when the model folder is at fault, false when the question is.
    package var isFaultOfModel: Bool {
        switch self {
        case .missingControlToken, .missingImageTokens: true
        default: false
        }
    }

    package var description: String {
        switch self {
        case .unreadableMessages(let reason):
            "messages: \(reason)"
        case .message(let path, let found, let expected):
            "\(path): found \(found), expected \(expected)"
        case .media(let path, let reason):
            "\(path) \(reason)"
        case .morePlaceholdersThanImages(let placeholders, let images):
            "a message spells \(Spelling.image) \(placeholders) times and has \(images) images; "
                + "expected at most one spelling for each image when control tokens are parsed"
        case .noSuchImage(let index, let count):
            "the prompt places image \(index + 1), but \(count) were given"
        case .imageNotPlaced(let index, let count):
            "image \(index + 1) of \(count) is not placed in the prompt; expected each to be placed"
        case .tileCount(let image, let tiles, let tokensPerTile):
            "image \(image + 1) has \(tiles) tiles of \(tokensPerTile) tokens; expected both to be 1 or more and "
                + "their product to fit a prompt"
        case .missingControlToken(let spelling):
            "the tokenizer has no control token \(spelling), which the prompt needs; use the tokenizer.json that "
                + "belongs to the model"
        case .missingImageTokens(let spellings):
            "the tokenizer has no token \(spellings.joined(separator: ", ")), so this model cannot be shown images; "
                + "ask without images, or use a vision-language model"
        case .tooLong(let text, let control, let image, let limit):
            "the prompt takes \(text + control + image) tokens (\(text) text, \(control) control, \(image) image); "
                + "expected at most \(max(limit - 1, 0)), one less than the context of \(limit). Use fewer images, "
                + "fewer tiles, less text, or a longer context"
        }
    }
}
