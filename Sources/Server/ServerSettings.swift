// How a server is set up: where it listens, who may ask, within which limits. Knows values, not where they come from.

package import OpenAIAPI

package struct ServerSettings: Sendable {
    package enum MetricsNames: String, Sendable, CaseIterable {
        case monocle
        case vllm
    }

    /// Paths of PEM files.
    package struct TLS: Sendable {
        package let certificate: String
        package let key: String
    }

    package var host = "127.0.0.1"
    /// 0 takes a free one.
    package var port = 8000
    /// Keys as they were given; the server keeps only their hashes.
    package var apiKeys: [String] = []
    /// Whether other machines may ask without a key.
    package var isInsecure = false
    package var tls: TLS?
    /// Origins whose pages may ask from a browser, beside the server's own.
    package var corsOrigins: [String] = []
    /// Whether `http` and `https` URLs of images are fetched, and from where: `all`, or names of hosts.
    package var imageHosts: ImageHosts = .none
    package var metricsNames = MetricsNames.monocle
    /// Names under which requests may ask for the model; empty takes the folder's.
    package var modelNames: [String] = []
    package var limits = Limits()
    /// Whether images are decoded in this process instead of a child with limits.
    package var trustsMedia = false

    package enum ImageHosts: Sendable, Equatable {
        case none
        /// Any public address, by https.
        case all
        case named(Set<String>)
    }

    package init() {}

    /// Whether only this machine can reach the address.
    package var isLoopback: Bool {
        host == "localhost" || host == "::1" || (host.hasPrefix("127.") && host.split(separator: ".").count == 4)
    }

    /// - Throws: when the settings open the server to other machines without saying so.
    package func check() throws(SettingsError) {
        guard (0...65_535).contains(port) else {
            throw SettingsError("port is \(port); it must be 0 to 65535")
        }
        guard isLoopback || !apiKeys.isEmpty || isInsecure else {
            throw SettingsError(
                """
                \(host) can be reached from other machines and no API key is set: set one (--api-key-file, \
                MONOCLE_API_KEY), listen on 127.0.0.1, or say --insecure
                """)
        }
        guard apiKeys.allSatisfy({ $0.utf8.count >= 8 }) else {
            throw SettingsError("an API key has fewer than 8 characters")
        }
    }
}

/// Settings that cannot be served with.
package struct SettingsError: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
