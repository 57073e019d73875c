import spoken from './spoken.json'

export default spoken
