import { testSeeds } from './seeds'

testSeeds(1_001, 1_000)
