// One GPU and one stream of work on it: launching, copying, waiting. Knows nothing of what is computed.

import Synchronization

/// The first GPU of this machine.
///
/// Everything is put into one stream and runs in the order in which it was asked for. Memory that is given back may
/// therefore be used again at once: whoever gets it comes later in the stream.
package final class CUDADevice: Sendable {
    let driver: Driver
    private let handles: Handles
    package let name: String
    /// Major and minor.
    package let capability: (major: Int, minor: Int)
    package let memoryBytes: Int
    package let multiprocessors: Int
    /// Shared memory that one block may ask for.
    package let sharedBytes: Int

    private struct Handles: @unchecked Sendable {
        // Sendable: the driver's objects may be used from any thread.
        let context: DriverObject?
        let stream: DriverObject?
    }

    package init() throws(CUDAError) {
        driver = try Driver()
        try driver.check(driver.cuInit(0), "cuInit")
        var count: Int32 = 0
        try driver.check(driver.cuDeviceGetCount(&count), "cuDeviceGetCount")
        guard count > 0 else { throw .device("NVIDIA's driver is here, and it shows this process no GPU") }
        var device: Int32 = 0
        try driver.check(driver.cuDeviceGet(&device, 0), "cuDeviceGet")
        var text = [CChar](repeating: 0, count: 256)
        try driver.check(driver.cuDeviceGetName(&text, 255, device), "cuDeviceGetName")
        name = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let attribute = { [driver] (which: Int32) throws(CUDAError) -> Int in
            var value: Int32 = 0
            try driver.check(driver.cuDeviceGetAttribute(&value, which, device), "cuDeviceGetAttribute")
            return Int(value)
        }
        capability = (try attribute(Driver.majorCapability), try attribute(Driver.minorCapability))
        guard capability.major >= 8 else {
            throw .device(
                "\(name) has compute capability \(capability.major).\(capability.minor); 8.0 (Ampere) or newer is needed"
            )
        }
        multiprocessors = try attribute(Driver.multiprocessors)
        sharedBytes = try attribute(Driver.sharedBytesPerBlock)
        var total = 0
        try driver.check(driver.cuDeviceTotalMem(&total, device), "cuDeviceTotalMem")
        memoryBytes = total
        var context: DriverObject?
        try driver.check(driver.cuDevicePrimaryCtxRetain(&context, device), "cuDevicePrimaryCtxRetain")
        try driver.check(driver.cuCtxSetCurrent(context), "cuCtxSetCurrent")
        var stream: DriverObject?
        try driver.check(driver.cuStreamCreate(&stream, 0), "cuStreamCreate")
        handles = Handles(context: context, stream: stream)
    }

    /// "sm_90" for capability 9.0.
    package var architecture: String { "sm_\(capability.major)\(capability.minor)" }

    var stream: DriverObject? { handles.stream }

    /// Makes this device the calling thread's, which every other call needs.
    func enter() throws(CUDAError) { try driver.check(driver.cuCtxSetCurrent(handles.context), "cuCtxSetCurrent") }

    /// Waits until everything that was asked for is done.
    package func synchronize() throws(CUDAError) {
        try enter()
        try driver.check(driver.cuStreamSynchronize(stream), "waiting for the GPU")
    }

    // MARK: Memory

    /// - Returns: nil when there is not enough.
    func allocate(bytes: Int) throws(CUDAError) -> DeviceAddress? {
        try enter()
        var address: DeviceAddress = 0
        let status = driver.cuMemAlloc(&address, bytes)
        if status == Driver.outOfMemory { return nil }
        try driver.check(status, "cuMemAlloc")
        return address
    }

    func free(_ address: DeviceAddress) {
        _ = driver.cuCtxSetCurrent(handles.context)
        _ = driver.cuMemFree(address)
    }

    /// Host memory that the GPU copies from while the program goes on.
    func allocateHost(bytes: Int) throws(CUDAError) -> UnsafeMutableRawPointer {
        try enter()
        var pointer: UnsafeMutableRawPointer?
        try driver.check(driver.cuMemHostAlloc(&pointer, bytes, 0), "cuMemHostAlloc")
        guard let pointer else { throw .call("cuMemHostAlloc", code: 0, meaning: "no memory") }
        return pointer
    }

    /// Copies to the device after everything asked for before; `source` is pinned and stays as it is until then.
    func upload(_ source: UnsafeRawPointer, bytes: Int, to target: DeviceAddress) throws(CUDAError) {
        try driver.check(driver.cuMemcpyHtoDAsync(target, source, bytes, stream), "copying to the GPU")
    }

    /// Copies to the host and waits for it.
    func download(_ source: DeviceAddress, bytes: Int, to target: UnsafeMutableRawPointer) throws(CUDAError) {
        try enter()
        try driver.check(driver.cuMemcpyDtoHAsync(target, source, bytes, stream), "copying from the GPU")
        try driver.check(driver.cuStreamSynchronize(stream), "waiting for the GPU")
    }

    func copy(_ source: DeviceAddress, bytes: Int, to target: DeviceAddress) throws(CUDAError) {
        try enter()
        try driver.check(driver.cuMemcpyDtoDAsync(target, source, bytes, stream), "copying on the GPU")
    }

    func clear(_ target: DeviceAddress, bytes: Int) throws(CUDAError) {
        guard bytes > 0 else { return }
        try enter()
        try driver.check(driver.cuMemsetD8Async(target, 0, bytes, stream), "clearing memory of the GPU")
    }

    // MARK: Events

    /// A point in the stream that can be waited for.
    func makeEvent() throws(CUDAError) -> DriverObject? {
        try enter()
        var event: DriverObject?
        try driver.check(driver.cuEventCreate(&event, Driver.eventWithoutTiming), "cuEventCreate")
        return event
    }

    func record(_ event: DriverObject?) throws(CUDAError) {
        try driver.check(driver.cuEventRecord(event, stream), "cuEventRecord")
    }

    func wait(for event: DriverObject?) throws(CUDAError) {
        try driver.check(driver.cuEventSynchronize(event), "waiting for the GPU")
    }

    // MARK: Kernels

    func load(_ machineCode: [UInt8], name: String) throws(CUDAError) -> KernelModule {
        try enter()
        var module: DriverObject?
        let status = machineCode.withUnsafeBytes { bytes in
            bytes.baseAddress.map { driver.cuModuleLoadData(&module, $0) } ?? 1
        }
        try driver.check(status, "loading the \(name) kernels")
        return KernelModule(device: self, module: module)
    }

    /// Runs `kernel` over a grid of blocks. A grid without blocks is no work.
    func launch(
        _ kernel: Kernel, grid: (x: Int, y: Int), block: Int, sharedBytes: Int = 0, _ arguments: [KernelArgument]
    ) throws(CUDAError) {
        guard grid.x > 0, grid.y > 0 else { return }
        try enter()
        let status = withUnsafeTemporaryAllocation(of: UInt64.self, capacity: arguments.count) { values in
            withUnsafeTemporaryAllocation(of: UnsafeMutableRawPointer?.self, capacity: arguments.count) { pointers in
                for (index, argument) in arguments.enumerated() {
                    values.initializeElement(at: index, to: argument.bits)
                    pointers.initializeElement(
                        at: index, to: values.baseAddress.map { UnsafeMutableRawPointer($0 + index) })
                }
                return driver.cuLaunchKernel(
                    kernel.function, UInt32(grid.x), UInt32(grid.y), 1, UInt32(block), 1, 1, UInt32(sharedBytes),
                    stream, pointers.baseAddress, nil)
            }
        }
        try driver.check(status, "starting \(kernel.name)")
    }
}

/// Machine code on a device.
struct KernelModule {
    let device: CUDADevice
    let module: DriverObject?

    /// - Parameter sharedBytes: dynamic shared memory that launches will ask for.
    func kernel(_ name: String, sharedBytes: Int = 0) throws(CUDAError) -> Kernel {
        var function: DriverObject?
        try device.driver.check(device.driver.cuModuleGetFunction(&function, module, name), "finding \(name)")
        if sharedBytes > 48 << 10 {
            guard sharedBytes <= device.sharedBytes else {
                throw .device(
                    "\(device.name) gives a block \(device.sharedBytes) bytes of shared memory; \(name) needs \(sharedBytes)"
                )
            }
            try device.driver.check(
                device.driver.cuFuncSetAttribute(function, Driver.largestDynamicSharedBytes, Int32(sharedBytes)),
                "cuFuncSetAttribute")
        }
        return Kernel(name: name, function: function)
    }
}

/// A function of a module.
struct Kernel: @unchecked Sendable {
    // Sendable: the driver's function objects are never changed after `KernelModule.kernel`.
    let name: String
    let function: DriverObject?
}

/// An argument of a kernel.
enum KernelArgument {
    /// The start of a block, which lives until the launch.
    case memory(DeviceMemoryBlock)
    /// A place in a block, in bytes from its start.
    case place(DeviceMemoryBlock, Int)
    /// No memory.
    case null
    case int(Int)  // a 32-bit int
    case long(Int)
    case float(Float)
    case double(Double)

    /// The value's bytes first, on a little-endian machine.
    var bits: UInt64 {
        switch self {
        case .memory(let block): block.address
        case .place(let block, let offset): block.address + UInt64(offset)
        case .null: 0
        case .int(let value): UInt64(UInt32(bitPattern: Int32(truncatingIfNeeded: value)))
        case .long(let value): UInt64(bitPattern: Int64(value))
        case .float(let value): UInt64(value.bitPattern)
        case .double(let value): value.bitPattern
        }
    }
}
