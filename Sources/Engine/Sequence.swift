// One request's place in the key-value cache. Knows contents and pages, not text.

/// Contents of a prompt and its answer so far, and the pages that hold their keys and values.
struct Sequence: Sendable {
    let number: Int
    let promptCount: Int
    let images: [Submission.Image]
    let salt: String
    /// Contents at most.
    let limit: Int
    let deadline: Int64?
    let startDeadline: Int64?
    let mostDrafts: Int

    /// Prompt, then generated tokens. The last generated token is here before its row is written.
    private(set) var contents: [Content]
    var pages: [Int32] = []
    /// Positions whose keys and values are in the pages.
    var written = 0
    /// Leading full pages that the prefix cache knows, and the identity of the last one's entry.
    var cachedPages = 0
    var cachedIdentity = 0
    /// Images the image cache holds for this sequence.
    var heldImages: [Digest] = []
    var hasStarted = false
    var wasPreempted = false
    /// Tokens to guess next: doubled when all were right, halved when none was.
    private(set) var drafts: Int
    private let root: Digest
    private var digests: [Digest] = []  // of full pages

    init(_ submission: Submission) {
        number = submission.number
        promptCount = submission.prompt.count
        images = submission.images
        salt = submission.salt
        limit = submission.limit
        deadline = submission.deadline
        startDeadline = submission.startDeadline
        mostDrafts = submission.drafts
        drafts = submission.drafts
        root = Digest.root(salt: submission.salt)
        contents = submission.prompt.map { .token($0) }
        for image in images {
            for (index, row) in image.rows.enumerated() where contents.indices.contains(row) {
                contents[row] = .image(image.digest, row: Int32(truncatingIfNeeded: index))
            }
        }
    }

    var count: Int { contents.count }
    /// Contents whose rows are still to be written. One while the answer grows.
    var pending: Int { contents.count - written }

    mutating func append(_ tokens: [Int32]) {
        for token in tokens { contents.append(.token(token)) }
    }

    mutating func learn(drafted: Int, accepted: Int) {
        guard drafted > 0 else { return }
        if accepted == drafted { drafts = min(mostDrafts, 2 * drafts) }
        if accepted == 0 { drafts = max(1, drafts / 2) }
    }

    /// Images with rows that are not written yet.
    var neededImages: [(index: Int, image: Submission.Image)] {
        images.enumerated().filter { ($0.element.rows.last ?? -1) >= written }.map { ($0.offset, $0.element) }
    }

    /// Full page `index` of the contents, as the next of the chain whose last entry is `parent`.
    mutating func block(_ index: Int, after parent: Int, pageTokens: Int) -> PrefixCache.Block {
        PrefixCache.Block(
            digest: digest(ofPage: index, pageTokens: pageTokens), salt: index == 0 ? salt : nil, parent: parent,
            contents: Array(contents[index * pageTokens..<(index + 1) * pageTokens]))
    }

    /// Identifies full page `index` and everything before it.
    mutating func digest(ofPage index: Int, pageTokens: Int) -> Digest {
        while digests.count <= index {
            let start = digests.count * pageTokens
            digests.append(.page(after: digests.last ?? root, contents[start..<start + pageTokens]))
        }
        return digests[index]
    }
}
