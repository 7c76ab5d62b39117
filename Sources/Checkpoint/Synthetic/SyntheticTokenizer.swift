// A byte-level BPE vocabulary in the files and with the special tokens of Llama 3.1, made by rule or of given merges.

/// tokenizer.json, tokenizer_config.json and special_tokens_map.json of a synthetic checkpoint.
///
/// The vocabulary is the 256 bytes and then, shortest first, strings of small letters with and without a space before
/// them and of digits. Each is one merge of two earlier tokens, so that encoder and decoder have real work to do.
struct SyntheticTokenizer {
    private let base: Int
    private let special: Int
    private let merges: [(left: String, right: String)]

    /// - Parameters:
    ///   - base: ids of the vocabulary, 256 at least.
    ///   - special: Llama's special tokens that follow, 11 at least; nine image tags come after them.
    ///   - merges: in byte-level characters, the first most important; what is missing of the vocabulary's size is
    ///     left out of it. Nil makes them by rule.
    init(base: Int, special: Int, merges: [(left: String, right: String)]? = nil) {
        self.base = base
        self.special = special
        self.merges = merges ?? Self.merges(count: base - 256)
    }

    // MARK: Vocabulary

    /// The printable character that stands for each byte, in GPT-2's order of ids: bytes that print as themselves
    /// first, the others as U+0100 and on.
    static let byteCharacters: [String] = {
        let printable = [0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF].flatMap { Array($0) }
        let others = (0..<256).filter { !printable.contains($0) }.indices.map { 0x100 + $0 }
        return (printable + others).compactMap { UnicodeScalar($0).map { String(Character($0)) } }
    }()

    /// A space as byte-level vocabularies write it.
    private static let space = "\u{120}"
    /// Small letters, the frequent ones of English first.
    private static let letters = "etaoinsrhldcumfpgwybvkxjqz".map(String.init)

    private static func merges(count: Int) -> [(left: String, right: String)] {
        var result: [(left: String, right: String)] = []
        result.reserveCapacity(count)
        /// Whether there is room for more.
        func add(_ left: String, _ right: String) -> Bool {
            guard result.count < count else { return false }
            result.append((left, right))
            return true
        }
        let digits = (0...9).map(String.init)
        let pairs = letters.flatMap { first in letters.map { first + $0 } }
        for pair in pairs { guard add(String(pair.prefix(1)), String(pair.suffix(1))) else { return result } }
        for letter in letters { guard add(space, letter) else { return result } }
        for pair in pairs { guard add(space, pair) else { return result } }
        for first in digits { for second in digits { guard add(first, second) else { return result } } }
        for first in digits {
            for second in digits { for third in digits { guard add(first + second, third) else { return result } } }
        }
        for pair in pairs { for letter in letters { guard add(pair, letter) else { return result } } }
        for pair in pairs { for letter in letters { guard add(space + pair, letter) else { return result } } }
        for pair in pairs { for other in pairs { guard add(pair, other) else { return result } } }
        return result
    }

    // MARK: Special tokens

    /// Id and spelling of every special token, as Llama 3.1 orders them, then the nine that the published model adds.
    var specials: [(id: Int, text: String)] {
        let named = [
            0: "<|begin_of_text|>", 1: "<|end_of_text|>", 4: "<|finetune_right_pad_id|>", 6: "<|start_header_id|>",
            7: "<|end_header_id|>", 8: "<|eom_id|>", 9: "<|eot_id|>", 10: "<|python_tag|>",
        ]
        var reserved = 0
        var result: [(id: Int, text: String)] = []
        for index in 0..<special {
            if let name = named[index] {
                result.append((base + index, name))
            } else {
                result.append((base + index, "<|reserved_special_token_\(reserved)|>"))
                reserved += 1
            }
        }
        for (index, tag) in Self.imageTags.enumerated() { result.append((base + special + index, tag)) }
        return result
    }

    private static let imageTags = [
        "<image>", "<img>", "</img>", "<quad>", "</quad>", "<ref>", "</ref>", "<box>", "</box>",
    ]

    var beginToken: Int { base }
    /// `<|end_of_text|>`, `<|eom_id|>`, `<|eot_id|>`.
    var endTokens: [Int] { [base + 1, base + 8, base + 9] }

    // MARK: Files

    /// The expression that cuts text before merging; Llama 3's.
    private static let splitPattern =
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"#
        + #"|\s*[\r\n]+|\s+(?!\S)|\s+"#

    private static func flags(_ text: String) -> [(String, JSONFile.Value)] {
        [
            ("content", .string(text)), ("single_word", .bool(false)), ("lstrip", .bool(false)),
            ("rstrip", .bool(false)), ("normalized", .bool(false)), ("special", .bool(true)),
        ]
    }

    /// tokenizer.json.
    var tokenizer: JSONFile.Value {
        func byteLevel(prefix: Bool, trim: Bool, expression: Bool) -> JSONFile.Value {
            .object([
                ("type", .string("ByteLevel")), ("add_prefix_space", .bool(prefix)), ("trim_offsets", .bool(trim)),
                ("use_regex", .bool(expression)),
            ])
        }
        let split = JSONFile.Value.object([
            ("type", .string("Split")), ("pattern", .object([("Regex", .string(Self.splitPattern))])),
            ("behavior", .string("Isolated")), ("invert", .bool(false)),
        ])
        return .object([
            ("version", .string("1.0")), ("truncation", .null), ("padding", .null),
            ("added_tokens", .array(specials.map { .object([("id", .integer($0.id))] + Self.flags($0.text)) })),
            ("normalizer", .null),
            (
                "pre_tokenizer",
                .object([
                    ("type", .string("Sequence")),
                    ("pretokenizers", .array([split, byteLevel(prefix: false, trim: true, expression: false)])),
                ])
            ),
            (
                "post_processor",
                .object([
                    ("type", .string("Sequence")),
                    (
                        "processors",
                        .array([byteLevel(prefix: true, trim: false, expression: true), templateProcessor])
                    ),
                ])
            ),
            ("decoder", byteLevel(prefix: true, trim: true, expression: true)),
            ("model", model),
        ])
    }

    private var templateProcessor: JSONFile.Value {
        let begin = "<|begin_of_text|>"
        func special(_ type: Int) -> JSONFile.Value {
            .object([("SpecialToken", .object([("id", .string(begin)), ("type_id", .integer(type))]))])
        }
        func sequence(_ id: String, _ type: Int) -> JSONFile.Value {
            .object([("Sequence", .object([("id", .string(id)), ("type_id", .integer(type))]))])
        }
        return .object([
            ("type", .string("TemplateProcessing")), ("single", .array([special(0), sequence("A", 0)])),
            ("pair", .array([special(0), sequence("A", 0), special(1), sequence("B", 1)])),
            (
                "special_tokens",
                .object([
                    (
                        begin,
                        .object([
                            ("id", .string(begin)), ("ids", .array([.integer(beginToken)])),
                            ("tokens", .array([.string(begin)])),
                        ])
                    )
                ])
            ),
        ])
    }

    private var model: JSONFile.Value {
        let tokens = Self.byteCharacters + merges.map { $0.left + $0.right }
        return .object([
            ("type", .string("BPE")), ("dropout", .null), ("unk_token", .null), ("continuing_subword_prefix", .null),
            ("end_of_word_suffix", .null), ("fuse_unk", .bool(false)), ("byte_fallback", .bool(false)),
            ("ignore_merges", .bool(true)),
            ("vocab", .object(tokens.enumerated().map { ($1, .integer($0)) })),
            ("merges", .array(merges.map { .array([.string($0.left), .string($0.right)]) })),
        ])
    }

    /// Every message under its role's header, closed by `<|eot_id|>`; no system text unless one is given.
    private static let chatTemplate =
        "{{- bos_token }}{%- for m in messages %}{{- '<|start_header_id|>' + m['role'] + '<|end_header_id|>\\n\\n'"
        + " + (m['content'] | trim) + '<|eot_id|>' }}{%- endfor %}{%- if add_generation_prompt %}"
        + "{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{%- endif %}"

    /// tokenizer_config.json.
    func configuration(maxLength: Int) -> JSONFile.Value {
        .object([
            ("added_tokens_decoder", .object(specials.map { (String($0.id), .object(Self.flags($0.text))) })),
            ("additional_special_tokens", .array(Self.imageTags.map(JSONFile.Value.string))),
            ("bos_token", .string("<|begin_of_text|>")), ("chat_template", .string(Self.chatTemplate)),
            ("clean_up_tokenization_spaces", .bool(true)), ("eos_token", .string("<|eot_id|>")),
            ("model_input_names", .array([.string("input_ids"), .string("attention_mask")])),
            ("model_max_length", .integer(maxLength)), ("pad_token", .string("<|finetune_right_pad_id|>")),
            ("tokenizer_class", .string("PreTrainedTokenizerFast")),
        ])
    }

    /// special_tokens_map.json.
    var specialTokensMap: JSONFile.Value {
        .object([
            ("additional_special_tokens", .array(Self.imageTags.map(JSONFile.Value.string))),
            ("bos_token", .string("<|begin_of_text|>")), ("eos_token", .string("<|eot_id|>")),
            ("pad_token", .string("<|finetune_right_pad_id|>")),
        ])
    }
}
