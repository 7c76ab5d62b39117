// A conversation as it is meant: who said what, with which images. Knows no template and no JSON.

package struct Conversation: Sendable, Equatable {
    package var messages: [Message]

    package init(_ messages: [Message]) { self.messages = messages }
}

package struct Message: Sendable, Equatable {
    package enum Role: String, Sendable, CaseIterable {
        case system
        case user
        case assistant
        /// What a tool answered.
        case tool

        /// The role that a message's JSON names; OpenAI's newer name for `system` is `developer`.
        package init?(name: String) {
            self.init(rawValue: name == "developer" ? "system" : name)
        }
    }

    package enum Part: Sendable, Equatable {
        case text(String)
        /// An image, by its place in the list of images.
        case image(Int)
    }

    package var role: Role
    package var content: [Part]

    package init(_ role: Role, _ content: [Part]) {
        self.role = role
        self.content = content
    }

    package init(_ role: Role, _ text: String) { self.init(role, [.text(text)]) }
}
