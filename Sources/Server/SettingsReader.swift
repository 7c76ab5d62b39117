// Where settings come from: the command line before the environment before a file. Knows names of keys, not their use.

package import Configuration
import Foundation
import OpenAIAPI

/// Reads `ServerSettings` from providers, the first of which wins. A key such as `port` is `--port` on the command line,
/// `MONOCLE_PORT` in the environment and `"port"` in the file; a limit such as `images` is `--limit images=8`,
/// `MONOCLE_LIMIT_IMAGES` and `"limit": {"images": 8}`.
package struct SettingsReader {
    private let reader: ConfigReader

    /// - Parameters:
    ///   - commandLine: keys and values that were given there.
    ///   - file: a JSON file, or nil.
    package init(commandLine: [String: String], file: String?) async throws {
        var values: [AbsoluteConfigKey: ConfigValue] = [:]
        for (key, value) in commandLine {
            let path = AbsoluteConfigKey(key.split(separator: ".").map(String.init))
            values[path] = ConfigValue(.string(value), isSecret: false)
        }
        var providers: [any ConfigProvider] = [
            InMemoryProvider(name: "command line", values: values),
            EnvironmentVariablesProvider(secretsSpecifier: .specific(["MONOCLE_API_KEY"])).prefixKeys(with: ["monocle"]
            ),
        ]
        if let file {
            do {
                providers.append(try await FileProvider<JSONSnapshot>(filePath: .init(file)))
            } catch {
                throw SettingsError("the configuration file \(file) cannot be read as a JSON object")
            }
        }
        reader = ConfigReader(providers: providers)
    }

    package func settings() throws -> ServerSettings {
        var settings = ServerSettings()
        settings.host = string("host") ?? settings.host
        settings.port = try int("port") ?? settings.port
        settings.apiKeys = try keys()
        settings.isInsecure = try flag("insecure")
        settings.trustsMedia = try flag("trust-media")
        if let certificate = string("tls-certificate") {
            guard let key = string("tls-key") else { throw SettingsError("tls-certificate is given without tls-key") }
            settings.tls = .init(certificate: certificate, key: key)
        } else if string("tls-key") != nil {
            throw SettingsError("tls-key is given without tls-certificate")
        }
        settings.corsOrigins = list("cors-origins")
        settings.modelNames = list("served-model-name")
        let hosts = list("image-hosts")
        settings.imageHosts =
            hosts.isEmpty ? .none : hosts == ["all"] ? .all : .named(Set(hosts.map { $0.lowercased() }))
        if let name = string("metrics-names") {
            guard let names = ServerSettings.MetricsNames(rawValue: name) else {
                throw SettingsError("metrics-names must be monocle or vllm")
            }
            settings.metricsNames = names
        }
        for key in Limits.Key.allCases {
            if let value = try int("limit.\(key.rawValue)") { try settings.limits.set(key, value) }
        }
        return settings
    }

    private func keys() throws(SettingsError) -> [String] {
        var keys = list("api-key")
        if let file = string("api-key-file") {
            guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
                throw SettingsError("the API key file \(file) cannot be read")
            }
            keys += text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
                .filter { !$0.isEmpty }
        }
        return keys
    }

    private func string(_ key: String) -> String? { reader.string(forKey: ConfigKey(key)) }

    /// Words with commas between them.
    private func list(_ key: String) -> [String] {
        (string(key) ?? "").split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    /// From text, as the command line and the environment have it, or from a number of the file.
    private func int(_ key: String) throws(SettingsError) -> Int? {
        if let number = reader.int(forKey: ConfigKey(key)) { return number }
        guard let text = string(key) else { return nil }
        guard let number = Int(text) else { throw SettingsError("\(key) must be a whole number") }
        return number
    }

    private func flag(_ key: String) throws(SettingsError) -> Bool {
        if let flag = reader.bool(forKey: ConfigKey(key)) { return flag }
        guard let text = string(key) else { return false }
        guard let flag = Bool(text) else { throw SettingsError("\(key) must be true or false") }
        return flag
    }
}
