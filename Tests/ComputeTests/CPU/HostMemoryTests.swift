import Compute
import Testing

struct HostMemoryTests {
    @Test func readsMeminfo() throws {
        let text = "MemTotal:       24000000 kB\nMemFree:          100000 kB\nMemAvailable:   20000000 kB\n"
        let memory = try #require(HostMemory.meminfo(text))
        #expect(memory.total == 24_000_000 * 1024)
        #expect(memory.available == 20_000_000 * 1024)
    }

    @Test(arguments: ["", "MemTotal: 1 kB\n", "MemTotal: x kB\nMemAvailable: 1 kB\n", "MemTotal:\nMemAvailable:\n"])
    func refusesOtherText(text: String) {
        #expect(HostMemory.meminfo(text) == nil)
    }

    @Test func readsControlGroupPath() {
        #expect(HostMemory.controlGroupPath("0::/user.slice/a\n") == "/user.slice/a")
        #expect(HostMemory.controlGroupPath("4:memory:/x\n0::/\n") == "/")
        #expect(HostMemory.controlGroupPath("") == "/")
    }

    @Test func pageCacheOfTheGroupCountsAsFree() throws {
        let limit = try #require(
            HostMemory.limit(maximum: "1000\n", used: "900\n", statistics: "anon 200\nfile 650\nfile_mapped 10\n"))
        #expect(limit.limit == 1000)
        #expect(limit.remaining == 750)
        #expect(HostMemory.limit(maximum: "max\n", used: "900\n", statistics: "") == nil)
        #expect(HostMemory.limit(maximum: "1000", used: "5000", statistics: "")?.remaining == 0)
    }

    @Test func usableIsTheSmaller() {
        #expect(HostMemory(total: 100, available: 80).usable == 80)
        #expect(HostMemory(total: 100, available: 80, limit: 60, remaining: 50).usable == 50)
        #expect(HostMemory(total: 100, available: 30, limit: 60, remaining: 50).usable == 30)
    }

    @Test func thisMachineHasMemory() throws {
        let memory = try #require(HostMemory.current())
        #expect(memory.usable > 0 && memory.usable <= memory.total)
    }
}
