// The server as a service: routes, connections, and what happens on SIGTERM. Knows how the parts fit together.

import Foundation
package import Hummingbird
import HummingbirdCore
import HummingbirdTLS
package import Logging
import NIOCore
import NIOSSL
import OpenAIAPI
import ServiceLifecycle

package struct ServerApplication: Sendable {
    /// As answers carry it.
    static let name = "monocle"

    private let state: ServerState
    private let logger: Logger

    package init(_ state: ServerState, logger: Logger) {
        self.state = state
        self.logger = logger
    }

    /// Serves until SIGTERM, which lets requests finish, or SIGINT, which does not.
    /// - Parameter started: is given the port once connections are accepted.
    package func run(started: @escaping @Sendable (Int) -> Void) async throws {
        let application = try application(started: started)
        var configuration = ServiceGroupConfiguration(
            services: [
                .init(service: application),
                .init(service: Drain(state: state, logger: logger)),
            ],
            gracefulShutdownSignals: [.sigterm], cancellationSignals: [.sigint], logger: logger)
        configuration.maximumGracefulShutdownDuration = .seconds(state.limits[.drainSeconds] + 15)
        try await ServiceGroup(configuration: configuration).run()
    }

    /// The routes and the connections they are reached by.
    package func application(started: @escaping @Sendable (Int) -> Void = { _ in }) throws -> some ApplicationProtocol {
        let settings = state.settings
        var server = HTTPServerBuilder { [state] responder in
            GuardedChannel(responder: responder, state: state)
        }
        if let tls = settings.tls {
            do {
                let chain = try NIOSSLCertificate.fromPEMFile(tls.certificate).map {
                    NIOSSLCertificateSource.certificate($0)
                }
                let key = try NIOSSLPrivateKey(file: tls.key, format: .pem)
                server = try .tls(
                    server,
                    tlsConfiguration: .makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key)))
            } catch {
                throw SettingsError("TLS: \(tls.certificate) and \(tls.key) are not a PEM certificate and its key")
            }
        }
        return Application(
            responder: router().buildResponder(), server: server,
            configuration: ApplicationConfiguration(
                address: .hostname(settings.host, port: settings.port), serverName: Self.name,
                backlog: 1024, availableConnectionsDelegate: .maximum(state.limits[.connections], logger: logger)),
            onServerRunning: { channel in started(channel.localAddress?.port ?? settings.port) }, logger: logger)
    }

    private func router() -> Router<ServerContext> {
        let router = Router(context: ServerContext.self)
        router.add(middleware: CrossOrigin(origins: Set(state.settings.corsOrigins)))
        router.add(middleware: state.observation)
        router.add(middleware: state.authentication)
        state.addOperationRoutes(router)
        state.addInspectionRoutes(router)
        state.addAnswerRoutes(router)
        return router
    }
}

/// Shut down before the server, which goes on answering meanwhile: lets nobody in, waits for those who are in, and ends
/// what is left when the time is over.
private struct Drain: Service {
    let state: ServerState
    let logger: Logger

    func run() async throws {
        try await gracefulShutdown()
        state.admission.drain()
        logger.notice("draining", metadata: ["requests": "\(state.admission.count)"])
        let timer = Task { [state, logger] in
            try await Task.sleep(for: .seconds(state.limits[.drainSeconds]))
            logger.warning("drain time is over", metadata: ["requests": "\(state.admission.count)"])
            state.admission.cutAll(.shutdown)
        }
        await state.admission.whenEmpty()
        timer.cancel()
    }
}
