import {
  Cached,
  cacheControl,
  CacheEvict,
  ConfigurationError,
  METHOD_METADATA,
  Timed,
} from 'aurora-cache';
import { newCache, untyped } from '../decorator-modes/support.js';

/** As NestJS has it: on the function of the descriptor, which stays in its place. */
const SetMetadata =
  (key: string, value: unknown): MethodDecorator =>
  (_target, _key, descriptor) => {
    Reflect.defineMetadata(key, value, descriptor.value as object);
    return descriptor;
  };

class Payload {}

const { cache } = newCache();

class Controller {
  @Cached({ cache })
  async get(_id: number, _payload: Payload): Promise<string> {
    return 'value';
  }

  @SetMetadata('path', '/above')
  @Cached({ cache })
  async above(id: number) {
    return id;
  }

  @Cached({ cache })
  @SetMetadata('path', '/below')
  async below(id: number) {
    return id;
  }

  @Timed()
  @SetMetadata('path', '/between')
  @CacheEvict({ cache, key: 'a' })
  @Cached({ cache })
  async between(id: number) {
    return id;
  }
}

describe('under experimentalDecorators', () => {
  it("TypeScript's own metadata survives on the prototype", () => {
    const { prototype } = Controller;
    expect(Reflect.getMetadata('design:paramtypes', prototype, 'get')).toEqual([Number, Payload]);
    expect(Reflect.getMetadata('design:returntype', prototype, 'get')).toBe(Promise);
    expect(Reflect.getMetadata('design:type', prototype, 'get')).toBe(Function);
  });

  it.each(['above', 'below', 'between'] as const)(
    'SetMetadata %s keeps its entry',
    async (name) => {
      const controller = new Controller();
      expect(Reflect.getMetadata('path', controller[name])).toBe(`/${name}`);
      expect(Reflect.hasOwnMetadata(METHOD_METADATA, controller[name])).toBe(true);
      expect([await controller[name](1), await controller[name](1)]).toEqual([1, 1]);
      expect(cacheControl(controller, name).cacheInfo()).toMatchObject({ hits: 1, misses: 1 });
    },
  );

  it('the descriptor keeps its attributes', () => {
    expect(Object.getOwnPropertyDescriptor(Controller.prototype, 'get')).toMatchObject({
      configurable: true,
      enumerable: false,
      writable: true,
    });
  });

  it('refuses a field that holds an arrow function, a parameter and a class, and says why', () => {
    const cached = untyped(Cached({ cache }));
    expect(() => {
      class Fields {
        @cached
        load = async (id: number) => id;
      }
      return Fields;
    }).toThrow(
      new ConfigurationError(
        "@Cached can only decorate a method; 'load' is a field or an accessor. Move the logic into a method.",
      ),
    );
    expect(() => {
      class Parameters {
        load(@cached id: number) {
          return id;
        }
      }
      return Parameters;
    }).toThrow(ConfigurationError);
    expect(() => {
      @cached
      class Whole {}
      return Whole;
    }).toThrow('Apply it to a method');
  });

  it('a class decorator that replaces the class keeps the methods cached', async () => {
    const replaced: ClassDecorator = (type) => {
      const Base = type as unknown as new () => object;
      return class extends Base {} as never;
    };
    @replaced
    class Replaced {
      @Cached({ cache, keyPrefix: 'replaced' })
      async get(id: number) {
        return [id];
      }
    }
    const instance = new Replaced();
    expect(await instance.get(1)).toBe(await instance.get(1));
  });
});
