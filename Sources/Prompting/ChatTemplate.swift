// Whether a folder's chat template says what the built-in one does. Does not execute templates.

/// How the chat template of a folder compares with `Llama31Renderer`, which is used in any case: templates are
/// programs, and a folder's programs are not run.
package enum ChatTemplate: Sendable, Equatable {
    /// The folder's template is the built-in one, up to white space, quotes and names.
    case same
    /// The folder's template is another, or may be.
    case differs(reason: String)

    /// Compares the text of a Jinja template.
    package init(template: String) {
        let reduced = Self.reduced(template)
        if reduced == Self.reduced(Self.builtIn) {
            self = .same
        } else if !reduced.contains("<|start_header_id|>") {
            self = .differs(reason: "it does not write Llama-3.1 headers")
        } else if template.contains("Cutting Knowledge Date") {
            self = .differs(
                reason: "it begins with a system block of dates (stock Llama 3.1), which the built-in one leaves out")
        } else {
            self = .differs(reason: "its text is not that of the built-in template, and templates are not executed")
        }
    }

    /// The built-in template in Jinja.
    static let builtIn = """
        {{ bos_token }}{% for message in messages %}\
        {{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' + message['content'] | trim \
        + '<|eot_id|>' }}\
        {% endfor %}{% if add_generation_prompt %}\
        {{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}
        """

    /// A template without what does not change its meaning here: white space outside strings and around tags, kinds of
    /// quotes, comments, the loop variable's name, brackets around one filter.
    private static func reduced(_ template: String) -> String {
        var text = template
        text.replace(#/\{#.*?#\}/#.dotMatchesNewlines(), with: "")
        text.replace("\"", with: "'")
        text.replace(#/\s*\{(%|\{)[-+]?/#) { "{" + $0.1 }
        text.replace(#/[-+]?(%|\})\}\s*/#) { $0.1 + "}" }
        // Pieces at odd places are inside quotes.
        let pieces = text.split(separator: "'", omittingEmptySubsequences: false)
        text = pieces.enumerated().map { index, piece in
            index % 2 == 1 ? String(piece) : piece.filter { !$0.isWhitespace }
        }.joined(separator: "'")
        if let loop = text.firstMatch(of: #/\{%for(\w+?)inmessages%\}/#) {
            let name = loop.1
            text.replace("{%for\(name)inmessages%}", with: "{%formessageinmessages%}")
            for field in ["role", "content"] {
                text.replace("\(name)['\(field)']", with: "message.\(field)")
                text.replace("\(name).\(field)", with: "message.\(field)")
            }
        }
        text.replace("(message.content|trim)", with: "message.content|trim")
        return text
    }
}
