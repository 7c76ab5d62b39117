// The files of `deploy/`, read by the programs they are for. nginx runs its own in `LoadTests`.

import Foundation
import TestSupport
import Testing

struct DeployTests {
    private static let root = URL(filePath: #filePath).appending(path: "../../..").standardized

    private static func text(_ name: String) throws -> String {
        try String(contentsOf: root.appending(path: name), encoding: .utf8)
    }

    @Test(.enabled(if: Installed.program("systemd-analyze") != nil, "needs systemd-analyze of the package systemd"))
    func systemdReadsTheUnit() throws {
        let folder = try TemporaryFolder()
        let unit = folder.url.appending(path: "monocle.service")
        let installed = "ExecStart=/usr/local/bin/monocle "
        let text = try Self.text("deploy/monocle.service")
        try #require(text.contains(installed))
        try Data(text.replacing(installed, with: "ExecStart=\(Program.url.path) ").utf8).write(to: unit)
        let run = try ServeTests.run(["systemd-analyze", "verify", unit.path])
        // It may find fault with units of the machine.
        let faults = run.output.split(separator: "\n").filter { $0.contains("monocle.service") }
        #expect(faults.isEmpty, "\(run.output)")
    }

    private static let validator = Installed.python(with: "kubernetes_validate")

    @Test(.enabled(if: validator != nil, "needs a Python with kubernetes-validate (Scripts/test.sh installs it)"))
    func theManifestsAreWhatKubernetesReads() throws {
        let file = Self.root.appending(path: "deploy/kubernetes.yaml").path
        let run = try ServeTests.run([try #require(Self.validator), "-m", "kubernetes_validate", "--strict", file])
        #expect(
            run.code == 0 && run.output.split(separator: "\n").count { $0.contains(" passed ") } == 2, "\(run.output)")
    }

    /// Building and running need the same libraries in a container as beside it.
    @Test func theContainerHasTheLibrariesOfAMachine() throws {
        func packages(_ text: String) -> Set<Substring> {
            Set(text.matches(of: #/lib[a-z0-9]+-dev/#).map(\.output))
        }
        let container = try Self.text("deploy/Containerfile")
        let built = packages(container)
        #expect(built == packages(try Self.text("Scripts/install.sh")) && built.count >= 5)
        let running = try #require(container.range(of: "FROM docker.io/library/debian"))
        for name in ["poppler-utils", "ffmpeg"] + built.map({ $0.dropLast(4) }) {
            #expect(container[running.lowerBound...].contains(name), "\(name)")
        }
    }
}
