// Images fetched by https from a server of the tests' own, under a name and an authority of their own.

import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTLS
import Logging
import NIOCore
import NIOSSL
import OpenAIAPI
import Synchronization
import TestSupport
import Testing

@testable import Server

extension ServerTests {
    @Suite struct ImageFetchTests {
        private static let tls = Goldens.fixtures.appending(path: "tls")

        /// Serves `images.test` while `body` runs with a fetcher that finds it there.
        private static func serve(
            _ limits: Limits = Limits(), trusting: Bool = true, isPublic: Bool = true,
            hosts: ServerSettings.ImageHosts = .all,
            _ body: @escaping @Sendable (_ fetcher: ImageFetcher, _ base: String, _ visits: Visits) async throws -> Void
        ) async throws {
            let visits = Visits()
            let router = Router()
            let image = try ServerFixture.image("gray.png")
            router.get("/image.png") { request, _ in
                visits.add(request.headers[.accept] ?? "")
                return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(bytes: image)))
            }
            router.get("/moved/:hops") { request, context in
                visits.add("moved")
                let hops = context.parameters.get("hops", as: Int.self) ?? 0
                let target = hops > 1 ? "/moved/\(hops - 1)" : "/image.png"
                return Response(status: .found, headers: [.location: target])
            }
            router.get("/private") { _, _ in
                Response(status: .found, headers: [.location: "https://127.0.0.1/image.png"])
            }
            router.get("/downgraded") { _, _ in
                Response(status: .found, headers: [.location: "http://images.test/image.png"])
            }
            router.get("/nowhere") { _, _ in Response(status: .found) }
            router.get("/endless") { _, _ in
                Response(
                    status: .ok,
                    body: ResponseBody { writer in
                        for _ in 0..<100_000 { try await writer.write(ByteBuffer(repeating: 7, count: 1 << 16)) }
                        try await writer.finish(nil)
                    })
            }
            router.get("/slow") { _, _ in
                try await Task.sleep(for: .seconds(30))
                return Response(status: .ok)
            }
            var logger = Logger(label: "test")
            logger.logLevel = .critical
            let chain = try NIOSSLCertificate.fromPEMFile(tls.appending(path: "certificate.pem").path)
            let key = try NIOSSLPrivateKey(file: tls.appending(path: "key.pem").path, format: .pem)
            let (ports, started) = AsyncStream<Int>.makeStream()
            let application = Application(
                router: router,
                server: try .tls(
                    .http1(),
                    tlsConfiguration: .makeServerConfiguration(
                        certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))),
                configuration: .init(address: .hostname("127.0.0.1", port: 0)),
                onServerRunning: { channel in started.yield(channel.localAddress?.port ?? 0) }, logger: logger)
            let authority = try NIOSSLCertificate.fromPEMFile(tls.appending(path: "authority.pem").path)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await application.run() }
                let port = try #require(await ports.first { _ in true })
                var fetcher = ImageFetcher(hosts: hosts, limits: limits)
                fetcher.net.port = port
                fetcher.net.addresses = { host in
                    host == "images.test"
                        ? [try? SocketAddress(ipAddress: "127.0.0.1", port: port)].compactMap(\.self) : []
                }
                if trusting { fetcher.net.tls.trustRoots = .certificates(authority) }
                if isPublic { fetcher.net.isPublic = { _ in true } }
                try await body(fetcher, "https://images.test:\(port)", visits)
                group.cancelAll()
            }
        }

        private final class Visits: Sendable {
            private let list = Mutex<[String]>([])
            func add(_ text: String) { list.withLock { $0.append(text) } }
            var all: [String] { list.withLock(\.self) }
        }

        private static func refusal(_ fetch: () async throws -> Data) async -> APIError? {
            do {
                _ = try await fetch()
                return nil
            } catch {
                return error as? APIError
            }
        }

        @Test func anImageIsFetchedAndRedirectsAreFollowed() async throws {
            let image = try ServerFixture.image("gray.png")
            try await Self.serve(hosts: .named(["images.test"])) { fetcher, base, visits in
                let fetched = try await fetcher.fetch(base + "/image.png", param: "p")
                #expect(fetched == image)
                #expect(visits.all == ["image/jpeg, image/png, image/webp"])
                let followed = try await fetcher.fetch(base + "/moved/3", param: "p")
                #expect(followed == image)
                #expect(visits.all.count == 5)
            }
        }

        @Test func everyHopIsBoundedAndChecked() async throws {
            try await Self.serve { fetcher, base, visits in
                for (path, words) in [
                    ("/moved/4", "fetch-hops"), ("/private", "public host"), ("/downgraded", "https"),
                    ("/nowhere", "https"), ("/none", "404"),
                ] {
                    let error = await Self.refusal { try await fetcher.fetch(base + path, param: "p") }
                    #expect(
                        error?.status == 400 && error?.code == "invalid_image_url" && error?.param == "p", "\(path)")
                    #expect(error?.message.contains(words) == true, "\(path): \(error?.message ?? "no refusal")")
                }
                #expect(!visits.all.contains("image/jpeg, image/png, image/webp"))
            }
        }

        @Test func sizeAndTimeAreBounded() async throws {
            var limits = Limits()
            try limits.set(.imageBytes, 1 << 20)
            try limits.set(.fetchSeconds, 1)
            try await Self.serve(limits) { fetcher, base, _ in
                var start = ContinuousClock.now
                let large = await Self.refusal { try await fetcher.fetch(base + "/endless", param: "p") }
                #expect(large?.message.contains("image-bytes") == true, "\(large?.message ?? "no refusal")")
                #expect(ContinuousClock.now - start < .seconds(4))
                start = .now
                let slow = await Self.refusal { try await fetcher.fetch(base + "/slow", param: "p") }
                #expect(slow?.status == 400 && ContinuousClock.now - start < .seconds(4))
            }
        }

        @Test func anUnknownAuthorityOrAPrivateAddressEndsIt() async throws {
            try await Self.serve(trusting: false) { fetcher, base, visits in
                let error = await Self.refusal { try await fetcher.fetch(base + "/image.png", param: "p") }
                #expect(error?.code == "invalid_image_url" && visits.all.isEmpty)
            }
            try await Self.serve(isPublic: false) { fetcher, base, visits in
                let error = await Self.refusal { try await fetcher.fetch(base + "/image.png", param: "p") }
                #expect(error?.message.contains("public host") == true && visits.all.isEmpty)
            }
        }
    }
}
