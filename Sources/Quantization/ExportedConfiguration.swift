// The JSON of a quantised folder in the words of NVIDIA Model Optimizer's exporter. Knows keys, not weights.

package import Checkpoint
package import Foundation

/// What a quantised folder declares about itself.
package struct ExportedConfiguration: Sendable {
    package let version: CompatibleVersion
    /// Whether activations are quantised too (the weights have input scales).
    package let quantizesInputs: Bool
    /// Declares an FP8 key-value cache without scales: Model Optimizer's `fp8_cast`.
    package let declaresFP8Cache: Bool
    package let excludedModules: [String]

    private var algorithm: JSONFile.Value {
        .string((quantizesInputs ? QuantizationManifest.Algorithm.nvfp4 : .weightOnlyNVFP4).rawValue)
    }

    /// Serving engines accept the file only from this producer; quantization_report.json says what made it in fact.
    private var producer: JSONFile.Value {
        .object([("name", .string("modelopt")), ("version", .string(version.text))])
    }

    /// hf_quant_config.json: keys in the exporter's order, indented by four, without a final line feed.
    package var legacyText: String {
        JSONFile.text(
            .object([
                ("producer", producer),
                (
                    "quantization",
                    .object([
                        ("quant_algo", algorithm),
                        ("kv_cache_quant_algo", declaresFP8Cache ? .string("FP8") : .null),
                        ("group_size", .integer(16)),
                        ("exclude_modules", .array(excludedModules.map(JSONFile.Value.string))),
                    ])
                ),
            ]), indent: 4)
    }

    /// `quantization_config` of config.json, keys sorted.
    private var embedded: JSONFile.Value {
        let floats = [
            ("dynamic", JSONFile.Value.bool(false)), ("group_size", .integer(16)), ("num_bits", .integer(4)),
            ("type", .string("float")),
        ]
        var members: [(String, JSONFile.Value)] = [
            (
                "config_groups",
                .object([
                    (
                        "group_0",
                        .object([
                            ("input_activations", quantizesInputs ? .object(floats) : .null),
                            ("targets", .array([.string("Linear")])), ("weights", .object(floats)),
                        ])
                    )
                ])
            ),
            ("ignore", .array(excludedModules.map(JSONFile.Value.string))),
        ]
        if declaresFP8Cache {
            members.append(
                (
                    "kv_cache_scheme",
                    .object([("dynamic", .bool(false)), ("num_bits", .integer(8)), ("type", .string("float"))])
                ))
        }
        return .object(
            members + [("producer", producer), ("quant_algo", algorithm), ("quant_method", .string("modelopt"))])
    }

    /// config.json of the source with `quantization_config`, in transformers' form: keys sorted, indented by two.
    package func configurationText(from source: URL) throws(CheckpointError) -> String {
        let root = try ConfigurationObject(file: source)
        var members: [(String, JSONFile.Value)] = root.members.filter { $0.key != "quantization_config" }
            .map { ($0.key, JSONFile.Value($0.value)) }
        members.append(("quantization_config", embedded))
        return JSONFile.text(.sorted(members)) + "\n"
    }
}
