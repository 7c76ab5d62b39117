// Fetches an image from a web address that someone else chose. Knows what may be reached, nothing of images.

import AsyncHTTPClient
import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import OpenAIAPI

/// One parser decides where an address leads; it is resolved once, every address found must be public, and the
/// connection goes to the one that was checked. Redirects are followed by hand and checked alike. No proxies, no
/// credentials.
struct ImageFetcher: Sendable {
    let hosts: ServerSettings.ImageHosts
    let limits: Limits
    /// The net as it is; tests have one of their own.
    var net = Net()

    /// What a fetch meets outside.
    struct Net: Sendable {
        var port = 443
        var tls = TLSConfiguration.makeClientConfiguration()
        /// The addresses of a name; waits.
        var addresses: @Sendable (_ host: String) -> [SocketAddress] = { ImageFetcher.addresses(of: $0) }
        /// Whether an address, 4 or 16 bytes, may be reached.
        var isPublic: @Sendable (_ address: [UInt8]) -> Bool = PublicAddress.contains
    }

    func fetch(_ text: String, param: String) async throws -> Data {
        var url = try target(text, param)
        let deadline = ContinuousClock.now + .seconds(limits[.fetchSeconds])
        for _ in 0...limits[.fetchHops] {
            let left = deadline - ContinuousClock.now
            guard left > .zero else { throw slow(param) }
            switch try await request(url, left, param) {
            case .image(let data): return data
            case .moved(let location):
                guard let next = URL(string: location, relativeTo: url)?.absoluteString else { throw refusal(param) }
                url = try target(next, param)
            }
        }
        throw APIError(
            400, "invalid_image_url", param: param,
            "\(param) redirects more often than the limit fetch-hops, \(limits[.fetchHops])")
    }

    /// The address as the one parser reads it, if it may be fetched at all.
    private func target(_ text: String, _ param: String) throws(APIError) -> URL {
        guard text.utf8.count <= 2048, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }),
            let url = URL(string: text), url.scheme == "https", url.user == nil, url.password == nil,
            let host = url.host(), !host.isEmpty, (url.port ?? 443) == net.port, !host.hasSuffix(".")
        else { throw refusal(param) }
        if case .named(let names) = hosts, !names.contains(host.lowercased()) {
            throw APIError(
                400, "image_url_not_allowed", param: param, "\(param) names a host that this server does not fetch from"
            )
        }
        return url
    }

    private enum Answer {
        case image(Data)
        case moved(String)
    }

    private func request(_ url: URL, _ time: Duration, _ param: String) async throws -> Answer {
        guard let host = url.host() else { throw refusal(param) }
        let address = try await publicAddress(of: host, param)
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout.connect = .seconds(5)
        configuration.dnsOverride = [host: address]
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.decompression = .disabled
        configuration.proxy = nil
        configuration.tlsConfiguration = net.tls
        // A host that goes on sending is not waited for.
        configuration.tlsConfiguration?.shutdownTimeout = .milliseconds(100)
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        do {
            var request = HTTPClientRequest(url: url.absoluteString)
            request.headers.add(name: "accept", value: "image/jpeg, image/png, image/webp")
            let nanoseconds = Int64(time / .nanoseconds(1))
            let response = try await client.execute(request, timeout: .nanoseconds(nanoseconds))
            let answer: Answer
            switch response.status.code {
            case 200: answer = .image(try await body(response, param))
            case 301, 302, 303, 307, 308:
                guard let location = response.headers.first(name: "location") else { throw refusal(param) }
                answer = .moved(location)
            default:
                throw APIError(
                    400, "invalid_image_url", param: param, "\(param) answered with status \(response.status.code)")
            }
            try await client.shutdown()
            return answer
        } catch let error as APIError {
            try? await client.shutdown()
            throw error
        } catch {
            try? await client.shutdown()
            try Task.checkCancellation()
            throw APIError(400, "invalid_image_url", param: param, "\(param) could not be fetched")
        }
    }

    private func body(_ response: HTTPClientResponse, _ param: String) async throws -> Data {
        var data = Data()
        for try await part in response.body {
            guard data.count + part.readableBytes <= limits[.imageBytes] else {
                throw APIError(
                    400, "invalid_image_url", param: param,
                    "\(param) is larger than the limit image-bytes, \(limits[.imageBytes])")
            }
            data.append(contentsOf: part.readableBytesView)
        }
        return data
    }

    /// Resolves once.
    /// - Throws: when the name does not resolve, or when any of its addresses is not public.
    private func publicAddress(of host: String, _ param: String) async throws -> String {
        let found = try await NIOThreadPool.singleton.runIfActive { [net] in net.addresses(host) }
        let bytes = found.map(Self.bytes)
        guard let first = found.first?.ipAddress, !bytes.isEmpty, bytes.allSatisfy(net.isPublic) else {
            throw refusal(param)
        }
        return first
    }

    private static func addresses(of host: String) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, "443", &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var entry = list
        while let info = entry?.pointee {
            if let raw = info.ai_addr {
                switch info.ai_family {
                case AF_INET:
                    raw.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                        addresses.append(SocketAddress($0.pointee, host: ""))
                    }
                case AF_INET6:
                    raw.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                        addresses.append(SocketAddress($0.pointee, host: ""))
                    }
                default: break
                }
            }
            entry = info.ai_next
        }
        return addresses
    }

    private static func bytes(_ address: SocketAddress) -> [UInt8] {
        switch address {
        case .v4(let address): withUnsafeBytes(of: address.address.sin_addr) { Array($0) }
        case .v6(let address): withUnsafeBytes(of: address.address.sin6_addr) { Array($0) }
        case .unixDomainSocket: []
        }
    }

    private func refusal(_ param: String) -> APIError {
        APIError(
            400, "invalid_image_url", param: param,
            "\(param) is not an https address of a public host on port 443, without a user")
    }

    private func slow(_ param: String) -> APIError {
        APIError(
            400, "invalid_image_url", param: param,
            "\(param) took longer than the limit fetch-seconds, \(limits[.fetchSeconds])")
    }
}
